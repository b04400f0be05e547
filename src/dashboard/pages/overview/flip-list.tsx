import { Link } from "wouter";
import type { ListedFlip } from "../../api/queries.ts";
import { localTimes } from "../../model/reason-now.ts";
import { STATUS_WORDS } from "../../model/status.ts";
import { Ago } from "../../ui/ago.tsx";
import { StatusMark } from "../../ui/status-mark.tsx";

/** `flips`: changes of status of any services, newest first. */
export function FlipList({ flips }: { flips: readonly ListedFlip[] }) {
  return (
    <ul className="card divide-y divide-line overflow-hidden">
      {flips.map((flip) => (
        <li
          key={`${flip.service_id} ${flip.seq}`}
          className="flash relative grid grid-cols-[6.6rem_minmax(0,1fr)_auto] items-baseline gap-x-3 px-3 py-2.5 hover:bg-raised sm:px-4"
        >
          <StatusMark status={flip.to} />
          <div className="flex min-w-0 flex-col gap-x-3">
            <Link
              href={`/services/${flip.service_id}`}
              data-walk=""
              className="flex min-w-0 gap-2 after:absolute after:inset-0"
            >
              <span data-name="" className="max-w-full shrink-0 truncate font-medium" title={flip.name}>
                {flip.name}
              </span>
              <span className="min-w-0 truncate text-muted">{flip.project}</span>
            </Link>
            <span className="truncate text-muted" title={flip.reason}>
              <span className="sr-only">was {STATUS_WORDS[flip.from]}, </span>
              {localTimes(flip.reason, Date.parse(flip.at))}
            </span>
          </div>
          <span className="text-right whitespace-nowrap text-muted tabular-nums">
            <Ago at={Date.parse(flip.at)} />
          </span>
        </li>
      ))}
    </ul>
  );
}
