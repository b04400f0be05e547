/** The documentation of the API, made from the document that the hub serves. */
import { useEffect, useState, useSyncExternalStore } from "react";
import { type ApiDocument, groupsOf, type OperationGroup, type Schemas, searchGroups } from "../../model/api-docs.ts";
import { SearchField } from "../../ui/search-field.tsx";
import { OperationDetails } from "./operation.tsx";
import { Paragraphs } from "./rich-text.tsx";

const DOCUMENT = "/openapi.json";

export function ApiDocs() {
  const loaded = useDocument();
  return (
    <div className="mx-auto flex max-w-5xl flex-col gap-6 p-4">
      <header className="flex flex-wrap gap-4">
        <a className="link" href="/">
          To the dashboard
        </a>
        <a className="link" href={DOCUMENT}>
          OpenAPI document
        </a>
      </header>
      {loaded instanceof Error || loaded === null ? (
        <main>
          <h1 className="text-xl font-semibold">API</h1>
          {loaded === null ? (
            <p role="status">Loading …</p>
          ) : (
            <p role="alert">The API document can't be read: {loaded.message}</p>
          )}
        </main>
      ) : (
        <Documentation document={loaded} />
      )}
    </div>
  );
}

function useDocument(): ApiDocument | Error | null {
  const [loaded, setLoaded] = useState<ApiDocument | Error | null>(null);
  useEffect(() => {
    readDocument().then(setLoaded, (error: unknown) => {
      setLoaded(error instanceof Error ? error : new Error(String(error)));
    });
  }, []);
  return loaded;
}

async function readDocument(): Promise<ApiDocument> {
  const response = await fetch(DOCUMENT);
  if (!response.ok) throw new Error(`the hub answered ${response.status}`);
  return await response.json();
}

function Documentation({ document: { info, components, ...rest } }: { document: ApiDocument }) {
  const [search, setSearch] = useState("");
  const target = useTarget();
  const all = groupsOf({ info, components, ...rest });
  const groups = searchGroups(all, search);
  const count = groups.reduce((sum, { operations }) => sum + operations.length, 0);
  useEffect(() => lead(target), [target]);
  return (
    <main className="flex flex-col gap-6">
      <div className="flex flex-col gap-3">
        <h1 className="text-xl font-semibold">
          {info.title} API <span className="font-normal text-muted">{info.version}</span>
        </h1>
        <Paragraphs text={info.description ?? ""} />
      </div>
      <nav aria-label="Groups of operations">
        <ul className="flex flex-wrap gap-x-4 gap-y-1">
          {all.map(({ anchor, name }) => (
            <li key={anchor}>
              <a className="link" href={`#${anchor}`} onClick={() => setSearch("")}>
                {name}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div className="flex flex-wrap items-center gap-3">
        <SearchField label="Search operations" placeholder="Search operations" value={search} change={setSearch} />
        <p role="status" className="text-muted">
          {count === 1 ? "1 operation" : `${count} operations`}
        </p>
      </div>
      {groups.map((group) => (
        <Group key={group.anchor} group={group} schemas={components.schemas ?? {}} target={target} />
      ))}
    </main>
  );
}

/** Returns what the address names after "#". */
function useTarget(): string {
  return useSyncExternalStore(
    (changed) => {
      window.addEventListener("hashchange", changed);
      return () => window.removeEventListener("hashchange", changed);
    },
    () => location.hash.slice(1),
  );
}

/** The browser did not find the place of the address when it loaded the page, because the document came later. */
function lead(target: string): void {
  const element = target === "" ? null : document.getElementById(target);
  element?.scrollIntoView();
  element?.querySelector<HTMLElement>("summary, [tabindex]")?.focus({ preventScroll: true });
}

function Group({ group, schemas, target }: { group: OperationGroup; schemas: Schemas; target: string }) {
  const { anchor, name, description, operations } = group;
  return (
    <section id={anchor} aria-labelledby={`${anchor}-name`} className="flex scroll-mt-4 flex-col gap-2">
      <h2 id={`${anchor}-name`} tabIndex={-1} className="text-lg font-semibold first-letter:uppercase">
        {name}
      </h2>
      <p className="text-muted">{description}</p>
      {operations.map((operation) => (
        <OperationDetails
          key={operation.operationId}
          operation={operation}
          schemas={schemas}
          isTarget={operation.operationId === target}
        />
      ))}
    </section>
  );
}
