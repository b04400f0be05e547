/** The search over everything (⌘K): Enter opens the first hit, arrows choose another one. */
import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useId, useMemo, useState } from "react";
import { useLocation } from "wouter";
import { projectsQuery } from "../api/queries.ts";
import { useListing, useServices } from "../live/live-context.tsx";
import { graphAddress } from "../model/graph-view.ts";
import { type Hit, hitsFor, type Sources } from "../model/palette.ts";
import { Dialog } from "../ui/dialog.tsx";
import { SECTIONS } from "../ui/sections.ts";

const ACTIONS: Sources["pages"] = [
  { kind: "action", name: "Show what is down", path: "/services?status=down" },
  { kind: "action", name: "Show what is degraded", path: "/services?status=degraded" },
  { kind: "action", name: "Show outages in the graph", path: graphAddress({ isTrouble: true }) },
  { kind: "action", name: "Read the API", path: "/docs" },
];

export function Palette({ close }: { close(): void }) {
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState(0);
  const [, go] = useLocation();
  const id = useId();
  const { rows } = useServices();
  useListing(); // targets and tags
  const { data: projects = [] } = useQuery(projectsQuery);
  const hits = useMemo(() => hitsFor(query, { rows: rows.values(), projects, pages: PAGES }), [query, rows, projects]);
  const open = (hit: Hit | undefined) => {
    if (hit === undefined) return;
    close();
    if (hit.path === "/docs") location.assign(hit.path);
    else go(hit.path);
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key === "Enter") open(hits[chosen]);
    else if (event.key === "ArrowDown") setChosen(Math.min(chosen + 1, hits.length - 1));
    else if (event.key === "ArrowUp") setChosen(Math.max(chosen - 1, 0));
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Search everywhere" close={close}>
      <div className="flex flex-col gap-3">
        <input
          role="combobox"
          aria-label="Search services, projects, tags, targets, pages and actions"
          aria-expanded="true"
          aria-controls={`${id}-hits`}
          aria-activedescendant={hits[chosen] === undefined ? undefined : `${id}-${chosen}`}
          autoComplete="off"
          spellCheck={false}
          placeholder="Service, project, tag, target, page …"
          className="field"
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setChosen(0);
          }}
          onKeyDown={pressed}
        />
        <div role="listbox" id={`${id}-hits`} aria-label="Hits" className="flex max-h-[60dvh] flex-col overflow-y-auto">
          {hits.map((hit, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field
            <div
              key={hit.key}
              id={`${id}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === chosen}
              onClick={() => open(hit)}
              className="flex cursor-pointer items-baseline justify-between gap-3 rounded-md px-3 py-2 hover:bg-raised aria-selected:bg-raised"
            >
              <span className="min-w-0 font-medium wrap-anywhere">{hit.name}</span>
              <span className="shrink-0 text-muted">{hit.detail}</span>
            </div>
          ))}
        </div>
        {hits.length === 0 && <p className="px-3 text-muted">Nothing is called that.</p>}
      </div>
    </Dialog>
  );
}

const PAGES: Sources["pages"] = [
  ...SECTIONS.map(({ path, name }) => ({ kind: "page" as const, name, path })),
  ...ACTIONS,
];
