import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { outagesQuery } from "../../api/queries.ts";
import type { Progress } from "../../live/listing.ts";
import { useListing, useServices } from "../../live/live-context.tsx";
import { count } from "../../model/format.ts";
import {
  DEFAULT_VIEW,
  isFiltered,
  type ListView,
  listRows,
  parseView,
  tagsOf,
  viewSearch,
} from "../../model/service-list.ts";
import { Button } from "../../ui/button.tsx";
import { SEARCH_FIELD } from "../../ui/keyboard.tsx";
import { Empty, Failure, Loading } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { useMayWrite } from "../../ui/session.tsx";
import { FirstService } from "../first-service.tsx";
import { AddService } from "../service/add-service.tsx";
import { BulkBar } from "./bulk-bar.tsx";
import { Filters } from "./filters.tsx";
import { VirtualServices } from "./virtual-services.tsx";

export function Services() {
  const services = useServices();
  const listing = useListing();
  const mayWrite = useMayWrite();
  const { view, change } = useView();
  useSearchOnArrival();
  const causes = useCauses();
  const rows = useMemo(() => listRows(services.rows.values(), view, causes), [services, view, causes]);
  const tags = useMemo(() => tagsOf(services.rows.values()), [services]);
  const projects = useMemo(
    () => [...new Set([...services.rows.values()].map((row) => row.project))].sort(),
    [services],
  );
  const [selected, setSelected] = useState<ReadonlySet<number> | null>(null);
  const toggle = (id: number) => setSelected((before) => toggled(before ?? new Set(), id));
  const known = services.ready || listing.total !== null;
  return (
    <Page
      title="Services"
      lead={known ? <Amount shown={rows.length} all={services.rows.size} listing={listing} /> : "…"}
      beside={
        mayWrite && (
          <>
            {selected === null && rows.length > 0 && <Button onClick={() => setSelected(new Set())}>Select</Button>}
            <AddService />
          </>
        )
      }
    >
      {listing.error !== null && <Failure error={listing.error} />}
      {known && services.rows.size === 0 && selected === null ? (
        <FirstService />
      ) : (
        <>
          <Filters view={view} projects={projects} tags={tags} change={change} />
          {!known && services.rows.size === 0 && listing.error === null && <Loading what="the services" rows={8} />}
          {known && rows.length === 0 && (
            <Empty title="No service matches">
              {isFiltered(view) && (
                <Button onClick={() => change({ ...DEFAULT_VIEW, layout: view.layout })}>Show all services</Button>
              )}
            </Empty>
          )}
          {selected !== null && (
            <BulkBar
              selected={selected}
              shown={rows.map(({ id }) => id)}
              select={setSelected}
              close={() => setSelected(null)}
            />
          )}
          {rows.length > 0 && <VirtualServices rows={rows} layout={view.layout} selected={selected} toggle={toggle} />}
        </>
      )}
    </Page>
  );
}

/** Ids of the services that took others along. */
function useCauses(): ReadonlySet<number> {
  const { data } = useQuery(outagesQuery);
  return useMemo(() => {
    const causes = data?.outages.filter(({ affected_count }) => affected_count > 0) ?? [];
    return new Set(causes.flatMap(({ cause }) => cause.id ?? []));
  }, [data]);
}

function toggled(selected: ReadonlySet<number>, id: number): Set<number> {
  const next = new Set(selected);
  if (!next.delete(id)) next.add(id);
  return next;
}

function Amount({ shown, all, listing }: { shown: number; all: number; listing: Progress }) {
  const listed =
    listing.total === null || listing.loaded >= listing.total
      ? ""
      : ` · ${listing.loaded} of ${listing.total} details loaded`;
  return (
    <span aria-live="polite" className="tabular-nums">
      {shown === all ? count(all, "service") : `${shown} of ${count(all, "service")}`}
      {listed}
    </span>
  );
}

/** The URL contains the filters and the order, so that users can share a view and return to it. */
function useView(): { view: ListView; change(part: Partial<ListView>): void } {
  const search = useSearch();
  const [, go] = useLocation();
  const view = useMemo(() => parseView(search), [search]);
  return { view, change: (part) => go(`/services${viewSearch({ ...view, ...part })}`, { replace: true }) };
}

/** On another page, the key `/` opens this page with `#search`. Then the search field gets the focus. */
function useSearchOnArrival(): void {
  useEffect(() => {
    if (location.hash === "#search") document.querySelector<HTMLInputElement>(SEARCH_FIELD)?.focus();
  }, []);
}
