/** The program of a process that does one heavy step of a start and then ends; see prepare.ts. */
import { messageOf } from "./error-message.ts";
import type { LocalDatabaseOptions } from "./local-database.ts";

export interface BuildOptions extends LocalDatabaseOptions {
  /** The entry module of the Worker's source. */
  source: string;
  /** For the bundled Worker. */
  folder: string;
}

export type Step = { name: "read"; root: string } | ({ name: "build" } & BuildOptions);

async function run(step: Step): Promise<unknown> {
  switch (step.name) {
    case "read":
      return (await import("./read-project.ts")).readProject(step.root);
    case "build":
      return await build(step);
  }
}

/** Leaves the database alone when the source has faults. */
async function build(options: BuildOptions): Promise<unknown> {
  const { buildWorker } = await import("./build.ts");
  const [bundle, { migrateLocalDatabase }] = await Promise.all([
    buildWorker(options.source, options.folder),
    import("./local-database.ts"), // loads Miniflare while esbuild works
  ]);
  await migrateLocalDatabase(options);
  return bundle;
}

const tell = (result: { done: unknown } | { failed: string }) => process.send?.(result, () => process.disconnect());

// The hub has the result, or has ended: either way nothing is left to do.
process.once("disconnect", () => process.exit());
process.once("message", (step: Step) => {
  run(step).then(
    (done) => tell({ done }),
    (error) => tell({ failed: messageOf(error) }),
  );
});
