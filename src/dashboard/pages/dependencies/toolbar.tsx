import { useQuery } from "@tanstack/react-query";
import { projectsQuery } from "../../api/queries.ts";
import { type GraphView, STEPS, type Steps } from "../../model/graph-view.ts";
import { Choice } from "../../ui/choice.tsx";
import { SearchField } from "../../ui/search-field.tsx";

const STEP_WORDS: Record<Steps, string> = {
  "1": "One step away",
  "2": "Two steps away",
  "3": "Three steps away",
  all: "Any distance",
};

interface ToolbarProps {
  view: GraphView;
  change(part: Partial<GraphView>): void;
}

export function Toolbar({ view, change }: ToolbarProps) {
  const { data: projects = [] } = useQuery(projectsQuery);
  return (
    <search className="flex flex-wrap items-center gap-2">
      <SearchField
        label="Find services"
        placeholder="Find by name or project"
        value={view.q}
        change={(q) => change({ q })}
      />
      {view.around === "" ? (
        <>
          <Choice
            label="Show"
            all="All services"
            value={view.isTrouble ? "trouble" : ""}
            options={[["trouble", "Only trouble"]]}
            choose={(value) => change({ isTrouble: value === "trouble" })}
          />
          <Choice
            label="Project"
            all="Whole hub"
            value={view.project}
            options={projects.map(({ name }) => [name, name])}
            choose={(project) => change({ project })}
          />
        </>
      ) : (
        <Choice
          label="Distance"
          value={view.steps}
          options={STEPS.map((steps) => [steps, STEP_WORDS[steps]])}
          choose={(value) => change({ steps: STEPS.find((each) => each === value) ?? "1" })}
        />
      )}
      <label className="flex min-h-9 items-center gap-2 px-1">
        <input
          type="checkbox"
          checked={view.isFramed}
          onChange={(event) => change({ isFramed: event.target.checked })}
        />
        Group by project
      </label>
    </search>
  );
}
