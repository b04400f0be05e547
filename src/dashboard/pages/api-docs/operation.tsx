import { type ReactNode, useEffect, useState } from "react";
import { accessOf, type Operation, type Parameter, type Schemas } from "../../model/api-docs.ts";
import { curlLine } from "../../model/api-docs-curl.ts";
import { lineOf } from "../../model/api-docs-schema.ts";
import { Copyable } from "../../ui/copyable.tsx";
import { InlineText, Paragraphs } from "./rich-text.tsx";
import { Bodies, FieldLine } from "./schema-lines.tsx";

const METHOD_COLOURS: Readonly<Record<string, string>> = {
  GET: "text-accent",
  POST: "text-up",
  DELETE: "text-down",
};

interface OperationProps {
  operation: Operation;
  schemas: Schemas;
  /** Whether the address leads to it. */
  isTarget: boolean;
}

export function OperationDetails({ operation, schemas, isTarget }: OperationProps) {
  const [open, setOpen] = useState(isTarget);
  useEffect(() => {
    if (isTarget) setOpen(true);
  }, [isTarget]);
  const { method, path, operationId, summary = operationId } = operation;
  return (
    <details
      id={operationId}
      open={open}
      onToggle={(event) => {
        if (event.target === event.currentTarget) setOpen(event.currentTarget.open);
      }}
      className="card scroll-mt-4"
    >
      <summary className="rounded-md px-3 py-2 hover:bg-raised">
        <h3 className="inline">
          <span className={`font-mono font-semibold ${METHOD_COLOURS[method] ?? "text-degraded"}`}>{method}</span>{" "}
          <code className="font-mono">{path}</code> <span className="text-muted">{summary}</span>
        </h3>
      </summary>
      {open && <Body operation={operation} schemas={schemas} />}
    </details>
  );
}

function Body({ operation, schemas }: { operation: Operation; schemas: Schemas }) {
  const { operationId, description = "", security, parameters = [], requestBody, responses } = operation;
  const curl = curlLine(operation, schemas, location.origin);
  return (
    <div className="flex flex-col gap-4 border-t border-line p-3">
      <div className="flex flex-col gap-2">
        <Paragraphs text={description} />
        <p>
          <InlineText text={accessOf(security)} />
        </p>
        <p className="text-muted">
          Name:{" "}
          <a className="link font-mono" href={`#${operationId}`}>
            {operationId}
          </a>
        </p>
      </div>
      {curl !== null && (
        <Part title="Example">
          <Copyable text={curl} what={`the command for ${operationId}`} />
        </Part>
      )}
      {parameters.length > 0 && (
        <Part title="Parameters">
          <ul className="flex flex-col gap-2">
            {parameters.map((parameter) => (
              <li key={`${parameter.in} ${parameter.name}`}>
                <ParameterLine parameter={parameter} schemas={schemas} />
              </li>
            ))}
          </ul>
        </Part>
      )}
      {requestBody !== undefined && (
        <Part title={requestBody.required === true ? "Request body" : "Request body, may be absent"}>
          <Bodies content={requestBody.content} schemas={schemas} open />
        </Part>
      )}
      <Part title="Responses">
        <ul className="flex flex-col gap-2">
          {Object.entries(responses).map(([status, response]) => (
            <li key={status}>
              <strong className="font-mono">{status}</strong> <InlineText text={response.description} />
              <Bodies content={response.content ?? {}} schemas={schemas} open={status.startsWith("2")} />
            </li>
          ))}
        </ul>
      </Part>
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="flex flex-col gap-1.5">
      <h4 className="font-semibold">{title}</h4>
      {children}
    </section>
  );
}

function ParameterLine({ parameter, schemas }: { parameter: Parameter; schemas: Schemas }) {
  const { name, required = false, description, schema = {} } = parameter;
  const line = lineOf(schema, schemas);
  return (
    <FieldLine
      {...line}
      name={name}
      required={required}
      description={description ?? line.description}
      place={parameter.in}
    />
  );
}
