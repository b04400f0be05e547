/** Which part of the dependencies a page shows, as its address says it. */

export const STEPS = ["1", "2", "3", "all"] as const;
export type Steps = (typeof STEPS)[number];

export interface GraphView {
  /** Name of a project; empty for the whole hub. */
  project: string;
  /** Shows only services with problems and the services that need them. */
  isTrouble: boolean;
  /** Key of the service whose neighbourhood is shown; empty for all services. */
  around: string;
  steps: Steps;
  /** Services to find. */
  q: string;
  /** Draws the services of a project in one frame. */
  isFramed: boolean;
}

const DEFAULT: GraphView = { project: "", isTrouble: false, around: "", steps: "1", q: "", isFramed: true };
const MAX_TEXT = 200;

/** Reads a query string. Unknown values are ignored. */
export function parseGraphView(search: string): GraphView {
  const query = new URLSearchParams(search);
  const text = (name: string) => (query.get(name) ?? "").slice(0, MAX_TEXT);
  return {
    project: text("project"),
    isTrouble: query.get("only") === "trouble",
    around: text("around"),
    steps: STEPS.find((each) => each === query.get("steps")) ?? DEFAULT.steps,
    q: text("q"),
    isFramed: query.get("frames") !== "none",
  };
}

/** Returns the address of the page with this view; the default view has no query. */
export function graphAddress(change: Partial<GraphView>): string {
  const view = { ...DEFAULT, ...change };
  const query = new URLSearchParams();
  if (view.project !== "") query.set("project", view.project);
  if (view.isTrouble) query.set("only", "trouble");
  if (view.around !== "") query.set("around", view.around);
  if (view.around !== "" && view.steps !== DEFAULT.steps) query.set("steps", view.steps);
  if (view.q !== "") query.set("q", view.q);
  if (!view.isFramed) query.set("frames", "none");
  return query.size === 0 ? "/dependencies" : `/dependencies?${query}`;
}

export const stepsOf = (steps: Steps): number => (steps === "all" ? Number.POSITIVE_INFINITY : Number(steps));
