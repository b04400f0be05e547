/** The program of a process that does one heavy step of a start and then ends; see prepare.ts. */
import { messageOf } from "./error-message.ts";

export type Step = { name: "read"; root: string } | { name: "bundle"; source: string; folder: string };

export type StepResult = { done: unknown } | { failed: string };

async function run(step: Step): Promise<unknown> {
  switch (step.name) {
    case "read":
      return (await import("./read-project.ts")).readProject(step.root);
    case "bundle":
      return (await import("./build.ts")).buildWorker(step.source, step.folder);
  }
}

const tell = (result: StepResult) => process.send?.(result, () => process.disconnect());

process.once("message", (step: Step) => {
  run(step).then(
    (done) => tell({ done }),
    (error) => tell({ failed: messageOf(error) }),
  );
});
// The hub that asked has ended, or has the result: either way nothing is left to do.
process.once("disconnect", () => process.exit());
