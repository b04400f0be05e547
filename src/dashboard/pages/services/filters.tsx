import { SERVICE_TYPES, STATUSES } from "../../../core/service/records.ts";
import type { ListView } from "../../model/service-list.ts";
import { SORT_WORDS, SORTS } from "../../model/service-list.ts";
import { STATUS_WORDS } from "../../model/status.ts";
import { Choice } from "../../ui/choice.tsx";
import { SearchField } from "../../ui/search-field.tsx";

interface FiltersProps {
  view: ListView;
  projects: readonly string[];
  tags: readonly string[];
  change(part: Partial<ListView>): void;
}

export function Filters({ view, projects, tags, change }: FiltersProps) {
  return (
    <search className="flex flex-wrap gap-2">
      <SearchField
        label="Search services"
        placeholder="Search by name or project"
        value={view.q}
        change={(q) => change({ q })}
      />
      <Choice
        label="Status"
        all="Any status"
        value={view.status ?? ""}
        options={STATUSES.map((status) => [status, STATUS_WORDS[status]])}
        choose={(value) => change({ status: STATUSES.find((each) => each === value) ?? null })}
      />
      <Choice
        label="Project"
        all="Any project"
        value={view.project}
        options={projects.map((project) => [project, project])}
        choose={(project) => change({ project })}
      />
      <Choice
        label="Type"
        all="Any type"
        value={view.type ?? ""}
        options={SERVICE_TYPES.map((type) => [type, type])}
        choose={(value) => change({ type: SERVICE_TYPES.find((each) => each === value) ?? null })}
      />
      {(tags.length > 0 || view.tag !== "") && (
        <Choice
          label="Tag"
          all="Any tag"
          value={view.tag}
          options={tags.map((tag) => [tag, tag])}
          choose={(tag) => change({ tag })}
        />
      )}
      <Choice
        label="Sort"
        value={view.sort}
        options={SORTS.map((sort) => [sort, SORT_WORDS[sort]])}
        choose={(value) => change({ sort: SORTS.find((each) => each === value) ?? "concern" })}
      />
      <LayoutSwitch layout={view.layout} change={change} />
    </search>
  );
}

function LayoutSwitch({ layout, change }: { layout: ListView["layout"]; change: FiltersProps["change"] }) {
  return (
    <fieldset className="hidden overflow-hidden rounded-md border border-edge sm:flex">
      <legend className="sr-only">Layout</legend>
      {(["list", "grid"] as const).map((each) => (
        <button
          key={each}
          type="button"
          aria-pressed={layout === each}
          onClick={() => change({ layout: each })}
          className="bg-surface px-3 py-1.5 text-muted capitalize hover:bg-raised aria-pressed:bg-raised aria-pressed:font-medium aria-pressed:text-ink"
        >
          {each}
        </button>
      ))}
    </fieldset>
  );
}
