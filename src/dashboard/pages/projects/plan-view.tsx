import type { FieldChange, ServiceChange } from "../../model/manifest-changes.ts";
import { Button } from "../../ui/button.tsx";

const LOOKS: Record<ServiceChange["kind"], { sign: string; word: string; look: string }> = {
  create: { sign: "+", word: "new", look: "text-up" },
  update: { sign: "~", word: "changed", look: "text-degraded" },
  delete: { sign: "−", word: "deleted", look: "text-down" },
};

interface PlanViewProps {
  changes: readonly ServiceChange[];
  unchanged: number;
  revision: string;
  busy: boolean;
  apply(revision: string): void;
  cancel(): void;
}

/** Shows the planned changes as a diff. */
export function PlanView({ changes, unchanged, revision, busy, apply, cancel }: PlanViewProps) {
  const deleted = changes.filter(({ kind }) => kind === "delete").length;
  return (
    <section aria-label="Plan" className="card flex flex-col gap-3 px-4 py-3">
      <h3 className="font-medium" role="status">
        {changes.length === 0 ? "Nothing would change." : `This would change ${changes.length} of the services:`}
      </h3>
      <ul className="flex flex-col gap-2 font-mono">
        {changes.map((change) => (
          <Change key={change.name} change={change} />
        ))}
      </ul>
      <p className="text-muted">
        {unchanged} unchanged.{deleted > 0 && " What is deleted loses its history."}
      </p>
      <div className="flex flex-wrap gap-2">
        {changes.length > 0 && (
          <Button look={deleted > 0 ? "danger" : "primary"} disabled={busy} onClick={() => apply(revision)}>
            Apply
          </Button>
        )}
        <Button onClick={cancel}>Back to editing</Button>
      </div>
    </section>
  );
}

function Change({ change: { kind, name, fields } }: { change: ServiceChange }) {
  const { sign, word, look } = LOOKS[kind];
  return (
    <li>
      <div className={`font-medium ${look}`}>
        {sign} {name} <span className="font-sans">({word})</span>
      </div>
      {kind !== "delete" && (
        <ul className="pl-5">
          {fields.map((field) => (
            <Lines key={field.field} change={field} />
          ))}
        </ul>
      )}
    </li>
  );
}

function Lines({ change: { field, before, after } }: { change: FieldChange }) {
  return (
    <li className="break-words [overflow-wrap:anywhere]">
      {before !== null && (
        <del className="block text-down no-underline">
          − {field}: {before}
        </del>
      )}
      {after !== null && (
        <ins className="block text-up no-underline">
          + {field}: {after}
        </ins>
      )}
    </li>
  );
}
