/** Reads what deploy-checks.ts checks: the checkout, and the bundle that wrangler made of it. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, stop } from "esbuild";
import { z } from "zod";
import { BINDING_KINDS } from "../../core/hub/binding-kinds.ts";
import type { Checkout, CpuProfile } from "./checks.ts";
import type { DeployedConfig } from "./config.ts";

const profileSchema = z.object({
  nodes: z.array(z.object({ id: z.number(), callFrame: z.object({ functionName: z.string() }) })),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});

/** `now`: Unix ms. */
export async function readCheckout(root: string, config: DeployedConfig, now: number): Promise<Checkout> {
  return {
    config,
    declared: new Map(Object.entries(BINDING_KINDS)),
    exported: await exportsOf(join(root, "src/worker/index.ts")),
    migrationFiles: await readdir(join(root, "migrations")),
    today: new Date(now).toISOString().slice(0, "2026-10-01".length),
  };
}

/** Reads only this file, so `export *` is not followed. */
async function exportsOf(entry: string): Promise<string[]> {
  try {
    const { metafile } = await build({
      entryPoints: [entry],
      bundle: false,
      write: false,
      metafile: true,
      format: "esm",
      outfile: "entry.js",
      logLevel: "silent",
    });
    return Object.values(metafile.outputs).flatMap((output) => output.exports);
  } finally {
    await stop(); // ends the process of esbuild, which would otherwise keep running
  }
}

/** Returns the size after gzip of the modules in `folder`, in bytes. Source maps do not count. */
export async function bundleBytes(folder: string): Promise<number> {
  const names = (await readdir(folder)).filter((name) => /\.(m?js|wasm|bin|txt|html|sql)$/.test(name));
  const modules = await Promise.all(names.map((name) => readFile(join(folder, name))));
  if (modules.length === 0) throw new Error(`wrangler made no bundle in ${folder}`);
  return gzipSync(Buffer.concat(modules)).length;
}

/** Throws when the file is no CPU profile. */
export async function readProfile(file: string): Promise<CpuProfile> {
  return profileSchema.parse(JSON.parse(await readFile(file, "utf8")));
}
