/** `PUT /api/projects/{id}/manifest`: replaces the services of a project with those of a manifest, all or nothing. */
import { createRoute, z } from "@hono/zod-openapi";
import { countErrors, MAX_MANIFEST_BYTES } from "../../core/service/manifest-limits.ts";
import { type ManifestPlan, planManifest } from "../../core/service/manifest-plan.ts";
import { manifestSchema } from "../../core/service/registration.ts";
import type { ServiceInput } from "../../core/service/service-definition.ts";
import type { ServiceRow } from "../../core/service/service-row.ts";
import { parseManifest } from "../../core/service/service-rules.ts";
import { applyManifest, projectServices } from "../../store/registry/manifest.ts";
import { getProject } from "../../store/registry/projects.ts";
import { guard, textHash } from "../access/access.ts";
import type { HubContext } from "../context.ts";
import { flagSchema, idParams } from "../parameters.ts";
import { invalid, orNotFound, Problem, problems } from "../problem.ts";
import { routes } from "../routes.ts";
import { jsonResponse } from "../schemas.ts";
import { announce } from "../services/service-reads.ts";
import { rulesOf, untilWritten } from "../services/services.ts";
import { parseManifestBody } from "./manifest-body.ts";

/** The handler reads the body itself, so that one response names the wrong fields of all services. */
const content = { schema: { $ref: "#/components/schemas/Manifest" } };

const planSchema = z
  .object({
    create: z.array(z.string()).describe("Names of services"),
    update: z.array(z.string()).describe("Names of services"),
    delete: z.array(z.string()).describe("Names of services"),
    unchanged: z.int().describe("Number of services"),
  })
  .openapi("ManifestPlan");

const appliedManifestSchema = z
  .object({
    plan: planSchema,
    revision: z
      .string()
      .describe("Of the project's services: those that were planned for with `dry_run`, otherwise those that are now"),
  })
  .openapi("AppliedManifest");

const put = createRoute({
  method: "put",
  path: "/api/projects/{id}/manifest",
  operationId: "applyManifest",
  tags: ["projects"],
  summary: "Replace the services of a project with those of a manifest",
  description:
    "Creates, updates and deletes services until they match the manifest. Either all changes are made or none, and to the services that the plan was made for: when others change them at the same time, the hub plans again. With `If-Match` and the `revision` of a `dry_run` it answers 412 instead. A stopped project stores the manifest and registers its services when it is started.",
  ...guard("write", { project: "project", maxBytes: MAX_MANIFEST_BYTES }),
  request: {
    params: idParams,
    headers: z.object({
      "if-match": z.string().max(1_000).optional().describe("A revision in quotes, as a `dry_run` returned it"),
    }),
    query: z.object({ dry_run: flagSchema.optional().describe("`true`: only returns what would change") }),
    body: { required: true, content: { "application/json": content, "application/yaml": content } },
  },
  responses: {
    200: jsonResponse(
      appliedManifestSchema,
      "The services that were created, updated and deleted; with `dry_run`, those that would be",
    ),
    ...problems(400, 401, 403, 404, 409, 412, 413, 415, 429),
  },
});

const app = routes();
app.openAPIRegistry.register("Manifest", manifestSchema);

export const manifest = app.openapi(put, async (c) => {
  const { hub } = c.var;
  const { id } = c.req.valid("param");
  const body = parseManifestBody(c.req.header("content-type"), await c.req.arrayBuffer());
  const tooMany = countErrors(body);
  if (tooMany.length > 0) throw invalid(tooMany);
  const wanted = parseManifest(body, rulesOf(c));
  if (!wanted.ok) throw invalid(wanted.error);
  const isDry = c.req.valid("query").dry_run === true;
  const known = c.req.valid("header")["if-match"];
  const applied = await untilWritten(
    async () => await planAndApply(hub, id, wanted.value, { isDry, known }),
    "project",
  );
  return c.json(applied, 200);
});

interface Wish {
  isDry: boolean;
  /** The header If-Match: what the caller planned for. */
  known: string | undefined;
}

/** Returns `changed` when others changed the project's services between the plan and its application. */
async function planAndApply(hub: HubContext, id: number, wanted: readonly ServiceInput[], { isDry, known }: Wish) {
  const project = orNotFound(await getProject(hub.db, id), "project");
  const before = await projectServices(hub.db, id);
  const revision = await revisionOf(before);
  if (known !== undefined && !isMatched(revision, known)) {
    throw new Problem(412, `the services of ${project.name} have changed since; plan again`);
  }
  const plan = planManifest(before, wanted);
  const names = planNames(plan, before);
  if (isDry || !changesAnything(plan)) return { plan: names, revision };
  const change = await applyManifest(hub.db, { id, before }, plan, hub.now());
  if (change === "changed") return change;
  const old = new Map(before.map((row) => [row.id, row]));
  await announce(hub, [
    ...change.deleted.map((row) => ({ before: row, after: null })),
    ...change.created.map((row) => ({ before: null, after: row })),
    ...change.updated.map((row) => ({ before: old.get(row.id) ?? null, after: row })),
  ]);
  return { plan: names, revision: await revisionOf(change.after) };
}

/** The same for the same services, and another one after each write. The status of a service does not count. */
async function revisionOf(rows: readonly ServiceRow[]): Promise<string> {
  return await textHash(JSON.stringify(rows.map(({ id, rev, updated_at }) => [id, rev, updated_at])));
}

/** A proxy that changes a body makes a tag weak (`W/"…"`); it is the same revision all the same. */
function isMatched(revision: string, header: string): boolean {
  const tags = header.split(",").map((tag) => tag.trim());
  return tags.some((tag) => tag === "*" || tag.replace(/^(W\/)?"(.*)"$/, "$2") === revision);
}

function changesAnything(plan: ManifestPlan): boolean {
  return plan.create.length + plan.update.length + plan.delete.length > 0;
}

function planNames(plan: ManifestPlan, existing: readonly ServiceRow[]) {
  const gone = new Set(plan.delete);
  return {
    create: plan.create.map((input) => input.name),
    update: plan.update.map(({ input }) => input.name),
    delete: existing.filter((row) => gone.has(row.id)).map((row) => row.name),
    unchanged: plan.unchanged,
  };
}
