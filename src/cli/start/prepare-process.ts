/** This program runs in its own process. It does one heavy step of a start and then ends; see prepare.ts. */
import { messageOf } from "../../core/values/error-message.ts";
import type { LocalDatabaseOptions } from "./local-database.ts";

interface BuildOptions {
  /** The entry module of the Worker's source, and the folder for the bundled Worker. null: it is bundled already. */
  bundle: { source: string; folder: string } | null;
  /** null: it is migrated already. */
  database: LocalDatabaseOptions | null;
}

export type Step = { name: "read"; root: string } | ({ name: "build" } & BuildOptions);

async function run(step: Step): Promise<unknown> {
  switch (step.name) {
    case "read":
      return (await import("./read-project.ts")).readProject(step.root);
    case "build":
      await build(step);
      return null;
  }
}

/** Does not migrate the database when the source has errors. */
async function build({ bundle, database }: BuildOptions): Promise<void> {
  const bundled =
    bundle === null
      ? null
      : import("../build/build.ts").then(({ buildWorker }) => buildWorker(bundle.source, bundle.folder));
  const migration = database === null ? null : import("./local-database.ts"); // loads Miniflare while esbuild works
  const [local] = await Promise.all([migration, bundled]);
  if (local !== null && database !== null) await local.migrateLocalDatabase(database);
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
