/** Bundles the Worker the way `wrangler deploy` would, without its second of start-up. */
import { builtinModules } from "node:module";
import { join } from "node:path";
import { build, type Plugin, stop } from "esbuild";

/** What the runtime provides itself. */
const RUNTIME_MODULES = ["cloudflare:*", "node:*", "workerd:*"];

/** Returns the entry module, an absolute path inside `folder`. Throws esbuild's BuildFailure, whose message lists every error with its place. */
export async function buildWorker(source: string, folder: string): Promise<{ entry: string }> {
  const entry = join(folder, "index.js");
  try {
    await build({
      entryPoints: [source],
      outfile: entry,
      bundle: true,
      format: "esm",
      target: "es2024",
      sourcemap: true,
      keepNames: true,
      // Miniflare copies the bundle for each entry of its configuration. Names stay, for stack traces.
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
    await stop(); // esbuild's own process would outlive the caller's work
  }
  return { entry };
}

/** Packages import `events` where the runtime knows `node:events` only. */
const nodeModulesByTheirFullName: Plugin = {
  name: "node-modules-by-their-full-name",
  setup(builder) {
    const names = builtinModules.filter((name) => !name.startsWith("_")).join("|");
    builder.onResolve({ filter: new RegExp(`^(${names})$`) }, ({ path }) => ({ path: `node:${path}`, external: true }));
  },
};
