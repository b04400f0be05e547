/** `/api/keys`: API keys. The hub stores only their hashes, so it shows each key once. */
import { createRoute, z } from "@hono/zod-openapi";
import { nameSchema } from "../../core/service/names.ts";
import { printableText } from "../../core/values/printable.ts";
import { createAgentKey, createKey, deleteKey, type KeyRow, listKeys } from "../../store/access/keys.ts";
import type { Db } from "../../store/database.ts";
import { projectIds, projectNames } from "../../store/registry/projects.ts";
import { SCOPES } from "../../store/tables/hub-tables.ts";
import { idParams } from "../parameters.ts";
import { invalid, Problem, problems } from "../problem.ts";
import { routes } from "../routes.ts";
import { jsonBody, jsonResponse, pageFields } from "../schemas.ts";
import { guard, newApiKey } from "./access.ts";
import { knownKeys } from "./known-keys.ts";

const tags = ["access"];

const keySchema = z
  .object({
    id: z.int(),
    name: z.string(),
    scope: z.enum(SCOPES),
    agent: z.string().nullable(),
    projects: z
      .array(z.string())
      .nullable()
      .describe("The projects that the key opens, those that still exist; null: the whole hub"),
    created_at: z.iso.datetime(),
    prefix: z.string().nullable().describe("The first characters of the key; null: it is older than this field"),
    last_used_at: z.iso.datetime().nullable().describe("To the hour; null: never"),
  })
  .openapi("ApiKey");

const createdKeySchema = keySchema
  .extend({ key: z.string().describe("The key itself. No later request shows it") })
  .openapi("CreatedApiKey");

/** A key for more than these is one for the hub. */
const MAX_PROJECTS = 100;

const newKeySchema = z
  .strictObject({
    name: printableText(100).min(1),
    scope: z.enum(SCOPES),
    agent: nameSchema.nullable().optional().describe("The agent that a key of scope `agent` belongs to"),
    projects: z
      .array(nameSchema)
      .min(1)
      .max(MAX_PROJECTS)
      .nullable()
      .optional()
      .describe(
        "Names of projects that exist: the key opens them and nothing else of the hub. It follows a project that gets another name, and is lost with one that is deleted",
      ),
  })
  .refine(({ scope, projects }) => scope !== "register" || projects?.length === 1, {
    path: ["projects"],
    message: "a key of the scope register needs one project",
  })
  .refine(({ scope, agent }) => (scope === "agent") === (typeof agent === "string"), {
    path: ["agent"],
    message: "needed for the scope agent, and for no other",
  })
  .openapi("ApiKeyInput");

const list = createRoute({
  method: "get",
  path: "/api/keys",
  operationId: "listKeys",
  tags,
  summary: "List API keys, without the keys themselves",
  ...guard("admin"),
  responses: {
    200: jsonResponse(
      z.object({ keys: z.array(keySchema), ...pageFields }).openapi("ApiKeyPage"),
      "All keys on one page",
    ),
    ...problems(401, 403, 429),
  },
});

const create = createRoute({
  method: "post",
  path: "/api/keys",
  operationId: "createKey",
  tags,
  summary: "Create an API key",
  ...guard("admin"),
  request: { body: jsonBody(newKeySchema) },
  responses: {
    201: jsonResponse(createdKeySchema, "The new key; no later request shows it"),
    ...problems(400, 401, 403, 413, 415, 429),
  },
});

const remove = createRoute({
  method: "delete",
  path: "/api/keys/{id}",
  operationId: "revokeKey",
  tags,
  summary: "Revoke an API key",
  ...guard("admin"),
  request: { params: idParams },
  description: "Its WebSockets are closed with 1008.",
  responses: { 204: { description: "The key is revoked and no longer works" }, ...problems(400, 401, 403, 404, 429) },
});

export const keys = routes()
  .openapi(list, async (c) => {
    const { db } = c.var.hub;
    const rows = await listKeys(db);
    const names = await namesById(db, rows);
    return c.json({ keys: rows.map((row) => toKey(row, names)), next_cursor: null, total: rows.length }, 200);
  })
  .openapi(create, async (c) => {
    const { hub } = c.var;
    const { name, scope, agent, projects: wanted } = c.req.valid("json");
    const { key, ...stored } = await newApiKey();
    const projects = wanted == null ? null : await existing(hub.db, wanted);
    const values = { name, projects, ...stored, now: hub.now() };
    const row = await (typeof agent === "string"
      ? createAgentKey(hub.db, { ...values, agent })
      : createKey(hub.db, { ...values, scope }));
    if (row === undefined) {
      throw invalid([{ path: "agent", message: `there is no agent ${agent}; PUT /api/agents/${agent} sets it up` }]);
    }
    hub.audit.note("key.created", `${name} (${scope}${wanted == null ? "" : `, only ${wanted.join(", ")}`})`);
    return c.json({ ...toKey(row, await namesById(hub.db, [row])), key }, 201, {
      location: `/api/keys/${row.id}`,
      "cache-control": "no-store",
    });
  })
  .openapi(remove, async (c) => {
    const { hub } = c.var;
    const { id } = c.req.valid("param");
    const deleted = await deleteKey(hub.db, id);
    knownKeys.forgetAll([id]);
    await hub.keysRevoked([id], deleted?.agent ?? null); // again when the first request broke off
    if (deleted === undefined) throw new Problem(404, "no such key");
    hub.audit.note("key.revoked", `${deleted.name} (${deleted.scope})`);
    return c.body(null, 204);
  });

/** Returns the ids of the projects. Throws a 400 that names those that do not exist. */
async function existing(db: Db, names: readonly string[]): Promise<number[]> {
  const ids = await projectIds(db, names);
  const missing = names.flatMap((name, index) =>
    ids.has(name) ? [] : [{ path: `projects.${index}`, message: `there is no project named ${name}` }],
  );
  if (missing.length > 0) throw invalid(missing);
  return [...ids.values()];
}

async function namesById(db: Db, rows: readonly KeyRow[]): Promise<ReadonlyMap<number, string>> {
  const ids = rows.flatMap(({ projects }) => projects ?? []);
  return ids.length === 0 ? new Map() : await projectNames(db, [...new Set(ids)]);
}

/** `names`: of projects, by id. */
function toKey(row: KeyRow, names: ReadonlyMap<number, string>) {
  const { id, name, scope, agent, projects, created_at, prefix, last_used_at } = row;
  const known = projects?.flatMap((project) => names.get(project) ?? []) ?? null;
  return {
    ...{ id, name, scope, agent, projects: known, prefix },
    created_at: new Date(created_at).toISOString(),
    last_used_at: last_used_at === null ? null : new Date(last_used_at).toISOString(),
  };
}
