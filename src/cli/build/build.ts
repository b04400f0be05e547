/** Bundles the Worker as `wrangler deploy` does. Wrangler itself would need a second to start. */
import { builtinModules } from "node:module";
import { pathToFileURL } from "node:url";
import { build, type Plugin, stop } from "esbuild";
import { entryIn } from "../start/worker-options.ts";

/** The runtime provides these modules, so they are not bundled. */
const RUNTIME_MODULES = ["cloudflare:*", "node:*", "workerd:*"];

/**
 * Returns the path of the entry module, see `entryIn`. Throws esbuild's BuildFailure; its message lists every error with
 * its place.
 */
export async function buildWorker(source: string, folder: string): Promise<{ entry: string }> {
  const entry = entryIn(folder);
  try {
    await build({
      entryPoints: [source],
      outfile: entry,
      bundle: true,
      format: "esm",
      target: "es2024",
      sourcemap: true,
      sourceRoot: `${pathToFileURL(folder)}/`, // the places of the sources are right also in a copy of the bundle
      keepNames: true,
      // Miniflare copies the bundle several times, so it is made small. Names stay, because stack traces show them.
      minifyWhitespace: true,
      minifySyntax: true,
      conditions: ["workerd", "worker", "browser"],
      mainFields: ["browser", "module", "main"],
      external: RUNTIME_MODULES,
      loader: { ".sql": "text", ".html": "text", ".txt": "text" },
      define: { "process.env.NODE_ENV": '"production"' },
      plugins: [nodeModulesByTheirFullName],
      logLevel: "silent",
    });
  } finally {
    await stop(); // ends the process of esbuild, which would otherwise keep running
  }
  return { entry };
}

/** Some packages import `events`, but the runtime only has `node:events`. */
const nodeModulesByTheirFullName: Plugin = {
  name: "node-modules-by-their-full-name",
  setup(builder) {
    const names = builtinModules.filter((name) => !name.startsWith("_")).join("|");
    builder.onResolve({ filter: new RegExp(`^(${names})$`) }, ({ path }) => ({ path: `node:${path}`, external: true }));
  },
};
