/**
 * `npm run package`: makes the npm package in dist/package. It holds the `hub` command and the client, bundled, and the
 * client's types. It has a package.json of its own, because whoever installs it needs few of the hub's packages.
 */
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin } from "esbuild";

/** Parts of the Docker client for SSH and for builds, which take half of the memory and are never called. */
const withoutUnused: Plugin = {
  name: "without-unused",
  setup(builder) {
    builder.onResolve({ filter: /^(ssh2|@grpc\/grpc-js|@grpc\/proto-loader)$/ }, ({ path }) => ({
      path,
      namespace: "unused",
    }));
    builder.onLoad({ filter: /.*/, namespace: "unused" }, () => ({ contents: "module.exports = {};" }));
  },
};

const root = fileURLToPath(new URL("../../..", import.meta.url));
const target = join(root, "dist/package");
const common: BuildOptions = { bundle: true, format: "esm", outdir: target, outExtension: { ".js": ".mjs" } };

rmSync(target, { recursive: true, force: true });
await build({
  ...common,
  entryPoints: { client: join(root, "src/client/index.ts") },
  platform: "neutral",
  mainFields: ["module", "main"],
  conditions: ["import"],
  target: "es2022",
});
await build({
  ...common,
  entryPoints: { hub: join(root, "src/cli/hub.ts") },
  chunkNames: "chunks/[name]-[hash]",
  platform: "node",
  target: "node22",
  plugins: [withoutUnused],
  splitting: true, // each command stays a file of its own, so that only the one that runs is loaded
  // Some packages are CommonJS and need `require`.
  banner: {
    js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
  },
});
writeTypes();
writeManifest();

/** The client's declarations and those that they name. */
function writeTypes(): void {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const client = join(root, "src/client");
  const built = join(root, "dist/types");
  execFileSync(process.execPath, [tsc, "-b", client], { stdio: ["ignore", 2, 2] });
  const listed = execFileSync(process.execPath, [tsc, "-p", client, "--listFilesOnly"], { encoding: "utf8" });
  for (const file of listed
    .trim()
    .split("\n")
    .map((path) => resolve(path))) {
    const name = relative(file.startsWith(built) ? built : root, file);
    if (name.startsWith("node_modules")) continue;
    const declaration = name.replace(/(?<!\.d)\.ts$/, ".d.ts");
    cpSync(join(built, declaration), join(target, "types", declaration));
  }
}

function writeManifest(): void {
  const { name, version, description, type, license, dependencies } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  /** Without one of these packages, the types of the client would be `any`. All other packages are bundled. */
  const named = ["@hono/zod-openapi", "hono", "zod"].map((each) => [each, dependencies[each]]);
  const manifest = {
    name,
    version,
    description,
    type,
    license,
    engines: { node: ">=22.13" },
    bin: { hub: "hub.mjs" },
    exports: { ".": { types: "./types/src/client/index.d.ts", default: "./client.mjs" } },
    dependencies: Object.fromEntries(named),
  };
  writeFileSync(join(target, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const file of ["README.md", "LICENSE", "docs"])
    cpSync(join(root, file), join(target, file), { recursive: true });
}
