/** This program runs in its own process. It does one heavy step of a start and then ends; see prepare.ts. */
import { messageOf } from "../node/error-message.ts";
import type { LocalDatabaseOptions } from "./local-database.ts";

export interface BuildOptions extends LocalDatabaseOptions {
  /** The entry module of the Worker's source. */
  source: string;
  /** The folder for the bundled Worker. */
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

/** Does not migrate the database when the source has errors. */
async function build(options: BuildOptions): Promise<unknown> {
  const { buildWorker } = await import("./build.ts");
  const [bundle, { migrateLocalDatabase }] = await Promise.all([
    buildWorker(options.source, options.folder),
    import("./local-database.ts"), // loads Miniflare while esbuild works
  ]);
  await migrateLocalDatabase(options);
  return bundle;
}

const report = (result: { done: unknown } | { failed: string }) => process.send?.(result, () => process.disconnect());

// The hub has received the result or has ended, so this process can end, too.
process.once("disconnect", () => process.exit());
process.once("message", (step: Step) => {
  run(step).then(
    (done) => report({ done }),
    (error) => report({ failed: messageOf(error) }),
  );
});
