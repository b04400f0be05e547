/** `PUT /api/projects/{id}/manifest`: replaces the services of a project with those of a manifest, all or nothing. */
import { createRoute, z } from "@hono/zod-openapi";
import { countErrors, MAX_MANIFEST_BYTES } from "../core/manifest-limits.ts";
import { type ManifestPlan, planManifest } from "../core/manifest-plan.ts";
import { manifestSchema } from "../core/registration.ts";
import type { ServiceRow } from "../core/service-row.ts";
import { parseManifest } from "../core/service-rules.ts";
import { applyManifest, projectServices } from "../store/manifest.ts";
import { getProject } from "../store/projects.ts";
import { guard } from "./access.ts";
import { parseManifestBody } from "./manifest-body.ts";
import { flagSchema, idParams } from "./parameters.ts";
import { invalid, orNotFound, problems } from "./problem.ts";
import { routes } from "./routes.ts";
import { jsonResponse } from "./schemas.ts";
import { announce } from "./service-reads.ts";
import { rulesOf } from "./services.ts";

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

const appliedManifestSchema = z.object({ plan: planSchema }).openapi("AppliedManifest");

const put = createRoute({
  method: "put",
  path: "/api/projects/{id}/manifest",
  operationId: "applyManifest",
  tags: ["projects"],
  summary: "Replace the services of a project with those of a manifest",
  description:
    "Creates, updates and deletes services until they match the manifest. Either all changes are made or none. A stopped project stores the manifest and registers its services when it is started.",
  ...guard("write", { maxBytes: MAX_MANIFEST_BYTES }),
  request: {
    params: idParams,
    query: z.object({ dry_run: flagSchema.optional().describe("`true`: only returns what would change") }),
    body: { required: true, content: { "application/json": content, "application/yaml": content } },
  },
  responses: {
    200: jsonResponse(
      appliedManifestSchema,
      "The services that were created, updated and deleted; with `dry_run`, those that would be",
    ),
    ...problems(400, 401, 403, 404, 409, 413, 415, 429),
  },
});

const app = routes();
app.openAPIRegistry.register("Manifest", manifestSchema);

export const manifest = app.openapi(put, async (c) => {
  const { hub } = c.var;
  const { id } = c.req.valid("param");
  orNotFound(await getProject(hub.db, id), "project");
  const body = parseManifestBody(c.req.header("content-type"), await c.req.arrayBuffer());
  const tooMany = countErrors(body);
  if (tooMany.length > 0) throw invalid(tooMany);
  const wanted = parseManifest(body, rulesOf(hub));
  if (!wanted.ok) throw invalid(wanted.errors);
  const existing = await projectServices(hub.db, id);
  const plan = planManifest(existing, wanted.value);
  if (c.req.valid("query").dry_run !== true && changesAnything(plan)) {
    const { created, updated, deleted } = await applyManifest(hub.db, id, plan, hub.now());
    const before = new Map(existing.map((row) => [row.id, row]));
    await announce(hub, [
      ...deleted.map((row) => ({ before: row, after: null })),
      ...created.map((row) => ({ before: null, after: row })),
      ...updated.map((row) => ({ before: before.get(row.id) ?? null, after: row })),
    ]);
  }
  return c.json({ plan: planNames(plan, existing) }, 200);
});

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
