/**
 * The order of the test files: what takes longest begins first, so that nothing long is left for the end, when it would
 * run alone. The files of `workers` and of `unit` share a process each, so all of them together are long.
 */
import { BaseSequencer, type TestSpecification } from "vitest/node";

const PROJECTS = ["workers", "unit", "system", "probes-in-node", "browser"];
const LONG = [
  "nats",
  "agent",
  "federation",
  "chaos",
  "start",
  "nats-trouble",
  "day",
  "demo",
  "upheaval",
  "hub-command",
];

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return [...files].sort(
      (a, b) => groupOf(a) - groupOf(b) || projectOf(a) - projectOf(b) || lengthOf(a) - lengthOf(b),
    );
  }
}

const groupOf = ({ project }: TestSpecification) => project.config.sequence.groupOrder;
const projectOf = ({ project }: TestSpecification) => PROJECTS.indexOf(project.name);

function lengthOf({ moduleId }: TestSpecification): number {
  const position = LONG.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
  return position === -1 ? LONG.length : position;
}
