/** The newest entries of the audit log: who changed what. */
import { useQuery } from "@tanstack/react-query";
import { type AuditEntry, auditQuery } from "../../api/queries.ts";
import { Ago } from "../../ui/ago.tsx";
import { QueryState } from "../../ui/notice.tsx";
import { Section } from "../../ui/page.tsx";

/** Others are counted. */
const SHOWN_TARGETS = 3;

export function Audit() {
  const { data: entries, error, refetch } = useQuery(auditQuery);
  return (
    <Section title="Who changed what">
      <div className="card px-5 py-4">
        <QueryState query={{ data: entries, error, refetch }} what="the audit log" rows={2} />
        {entries?.length === 0 && <p className="text-muted">Nobody has changed anything yet.</p>}
        {entries !== undefined && entries.length > 0 && (
          <ul className="divide-y divide-line">
            {entries.map((entry) => (
              <Entry key={entry.id} entry={entry} />
            ))}
          </ul>
        )}
      </div>
    </Section>
  );
}

function Entry({ entry: { at, actor, address, action, targets, count, fields } }: { entry: AuditEntry }) {
  const shown = targets.slice(0, SHOWN_TARGETS);
  const more = count - shown.length;
  return (
    <li className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 py-2">
      <span className="min-w-0 break-words">
        <span className="font-medium">{actor}</span> <span className="text-muted">{action}</span> {shown.join(", ")}
        {more > 0 && ` and ${more} more`}
        {fields.length > 0 && <span className="text-muted"> ({fields.join(", ")})</span>}
      </span>
      <span className="text-muted">
        {address}, <Ago at={Date.parse(at)} />
      </span>
    </li>
  );
}
