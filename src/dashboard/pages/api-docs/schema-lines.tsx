import type { Content, Schemas } from "../../model/api-docs.ts";
import { lineOf, type SchemaLine } from "../../model/api-docs-schema.ts";
import { InlineText } from "./rich-text.tsx";

/** The bodies of a request or a response, one for each content type. */
export function Bodies({ content, schemas, open }: { content: Content; schemas: Schemas; open: boolean }) {
  return Object.entries(content).map(([type, { schema }]) => {
    if (schema === undefined) return <p key={type}>{type}</p>;
    const line = lineOf(schema, schemas);
    const title = (
      <>
        <span className="font-mono">{line.type}</span> <span className="text-muted">{type}</span>
      </>
    );
    if (line.lines.length === 0) return <p key={type}>{title}</p>;
    return (
      <details key={type} open={open}>
        <summary>{title}</summary>
        {line.description !== "" && (
          <p className="text-muted">
            <InlineText text={line.description} />
          </p>
        )}
        <SchemaLines lines={line.lines} />
      </details>
    );
  });
}

function SchemaLines({ lines }: { lines: readonly SchemaLine[] }) {
  return (
    <ul className="mt-1 flex flex-col gap-1.5 border-l border-line pl-3">
      {lines.map((line) => (
        <li key={line.name}>
          <FieldLine {...line} />
          {line.lines.length > 0 && <SchemaLines lines={line.lines} />}
        </li>
      ))}
    </ul>
  );
}

/** `place`: where a parameter goes, for example "query". */
export function FieldLine(field: Omit<SchemaLine, "lines"> & { place?: string }) {
  const { name, type, required, notes, description, place } = field;
  return (
    <div>
      <code className="font-mono font-medium">{name}</code>{" "}
      <span className="text-muted">
        {place !== undefined && `in ${place}, `}
        {type}
        {required && ", required"}
      </span>
      {description !== "" && (
        <p>
          <InlineText text={description} />
        </p>
      )}
      {notes.length > 0 && (
        <p className="text-muted">
          <InlineText text={notes.join("; ")} />
        </p>
      )}
    </div>
  );
}
