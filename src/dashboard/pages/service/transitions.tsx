import type { Flip } from "../../api/queries.ts";
import { dateTime, duration, latency } from "../../model/format.ts";
import { localTimes } from "../../model/reason-now.ts";
import { STATUS_WORDS } from "../../model/status.ts";
import { Ago } from "../../ui/ago.tsx";
import { Loading } from "../../ui/notice.tsx";
import { Section } from "../../ui/page.tsx";
import { ScrollBox } from "../../ui/scroll-box.tsx";
import { StatusMark } from "../../ui/status-mark.tsx";

/** Shows each change of status with its reason and its checks. `flips`: undefined until they are loaded. */
export function Transitions({ flips }: { flips: readonly Flip[] | undefined }) {
  return (
    <Section title="Changes of status">
      {flips === undefined && <Loading what="the changes" />}
      {flips?.length === 0 && <p className="card px-4 py-6 text-center text-muted">Its status has not changed yet.</p>}
      {flips !== undefined && flips.length > 0 && (
        <ScrollBox label="Changes of status" className="card max-h-120 overflow-y-auto">
          <ul className="divide-y divide-line">
            {flips.map((flip) => (
              <li key={flip.seq}>
                <Transition flip={flip} />
              </li>
            ))}
          </ul>
        </ScrollBox>
      )}
    </Section>
  );
}

function Transition({ flip }: { flip: Flip }) {
  const at = Date.parse(flip.at);
  return (
    <details className="px-4 py-2.5">
      <summary className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
        <StatusMark status={flip.to} />
        <span className="min-w-0 flex-1 basis-40 break-words">{localTimes(flip.reason, at)}</span>
        <span className="text-muted">
          <Ago at={at} />
        </span>
      </summary>
      <div className="flex flex-col gap-2 pt-2 pl-1 text-muted">
        <p>
          {STATUS_WORDS[flip.from]} → {STATUS_WORDS[flip.to]} at {dateTime(at)}
          {flip.began_at < flip.at &&
            `; began ${duration(at - Date.parse(flip.began_at))} earlier, with the first failing check`}
        </p>
        {flip.evidence.length > 0 && (
          <ol className="flex flex-col gap-1">
            {flip.evidence.map((attempt) => (
              <li key={`${attempt.at} ${attempt.vantage}`} className="flex flex-wrap gap-x-3">
                <span className="tabular-nums">{dateTime(Date.parse(attempt.at))}</span>
                <span>from {attempt.vantage}</span>
                <span className="min-w-0 break-words text-ink">
                  {attempt.error === null
                    ? attempt.ok
                      ? `passed in ${latency(attempt.latency_ms)}`
                      : "failed"
                    : localTimes(attempt.error, at)}
                </span>
              </li>
            ))}
          </ol>
        )}
      </div>
    </details>
  );
}
