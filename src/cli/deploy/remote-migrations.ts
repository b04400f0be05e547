/**
 * Applies the SQL migrations of a deployed hub. Wrangler's own `d1 migrations apply` posts each file to a server that cuts
 * it into statements and stumbles over triggers (github.com/cloudflare/workers-sdk/issues/15690 and 10998). A file that is
 * imported is run as it is, in one transaction. The table is Wrangler's, so both see what the other has applied.
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { CREATE_TABLE } from "../start/migrations.ts";
import { DEPLOY_CONFIG } from "./config.ts";
import type { Wrangler } from "./wrangler-command.ts";

const answersSchema = z.array(z.object({ results: z.array(z.record(z.string(), z.unknown())) }));

export interface MigrationFile {
  name: string;
  sql: string;
}

/** Where the database is, as flags of `wrangler d1 execute`. */
export type Place = readonly ["--remote"] | readonly ["--local", "--persist-to", string];

export interface ApplyDeps {
  /** The checkout. */
  root: string;
  wrangler: Wrangler;
  database: string;
  place: Place;
}

export async function readMigrations(root: string): Promise<MigrationFile[]> {
  const folder = join(root, "migrations");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  return await Promise.all(names.map(async (name) => ({ name, sql: await readFile(join(folder, name), "utf8") })));
}

/** Applies those that are pending, all or none. Returns their names, in order. Throws with what wrangler said. */
export async function applyDeployed(migrations: readonly MigrationFile[], deps: ApplyDeps): Promise<string[]> {
  const applied = await appliedMigrations(deps);
  const pending = migrations.filter(({ name }) => !applied.has(name));
  if (pending.length === 0) return [];
  const file = join(deps.root, "dist/deploy/pending.sql");
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, pending.map(withRecord).join("\n"));
  const { code, output } = await execute(["--yes", "--file", file], deps);
  if (code !== 0) throw new Error(`the migrations can't be applied, and the database is as it was\n${output.trim()}`);
  return pending.map(({ name }) => name);
}

async function appliedMigrations(deps: ApplyDeps): Promise<Set<unknown>> {
  const command = `${CREATE_TABLE}; SELECT name FROM "d1_migrations"`;
  const { code, output } = await execute(["--json", "--yes", "--command", command], deps);
  const json = output.slice(output.indexOf("["), output.lastIndexOf("]") + 1);
  if (code !== 0 || json === "") throw new Error(`the database can't be read\n${output.trim()}`);
  const answers = answersSchema.parse(JSON.parse(json));
  return new Set(answers.flatMap(({ results }) => results.map(({ name }) => name)));
}

async function execute(what: readonly string[], { wrangler, database, place }: ApplyDeps) {
  return await wrangler(["d1", "execute", database, ...place, "--config", DEPLOY_CONFIG, ...what], { capture: true });
}

/** The names are those of files of this checkout. */
function withRecord({ name, sql }: MigrationFile): string {
  return `${sql.trimEnd()}\nINSERT INTO "d1_migrations" (name) VALUES ('${name.replaceAll("'", "''")}');\n`;
}
