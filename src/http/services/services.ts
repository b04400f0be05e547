/** `/api/services`: registered services with their live states. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { keptHidden } from "../../core/board/shown-service.ts";
import { type Reach, withinReach } from "../../core/hub/reach.ts";
import { fullness } from "../../core/service/manifest-limits.ts";
import { matchesInput } from "../../core/service/manifest-plan.ts";
import {
  newServiceSchema,
  type ServiceBody,
  type ServicePatch,
  servicePatchSchema,
} from "../../core/service/registration.ts";
import type { ServiceInput } from "../../core/service/service-definition.ts";
import type { ProjectRow, ServiceRow } from "../../core/service/service-row.ts";
import { parsePatch, parseService } from "../../core/service/service-rules.ts";
import { underPatch } from "../../core/service/unreadable.ts";
import { pauseService } from "../../store/registry/pauses.ts";
import { getProject, getProjectByName } from "../../store/registry/projects.ts";
import { changeService, createService, deleteService, getService } from "../../store/registry/services.ts";
import { guard, hasScope } from "../access/access.ts";
import { requireProject } from "../access/reach.ts";
import type { HubContext, HubEnv } from "../context.ts";
import { MEMORY_NOTE, orFromMemory } from "../from-memory.ts";
import { flagSchema, idParams, pageQuery, textQuery } from "../parameters.ts";
import { invalid, orNotFound, Problem, problems } from "../problem.ts";
import { routes } from "../routes.ts";
import {
  healthMethodSchema,
  jsonBody,
  jsonResponse,
  pageFields,
  serviceSchema,
  serviceTypeSchema,
  statusSchema,
} from "../schemas.ts";
import { knownService, knownServicePage, servicePage } from "./service-page.ts";
import { announce, oneService } from "./service-reads.ts";

const tags = ["services"];

const list = createRoute({
  method: "get",
  path: "/api/services",
  operationId: "listServices",
  tags,
  summary: "List registered services, ordered by id",
  description: `Services of stopped projects are not registered, so they are listed only with \`include_stopped\`. The filter \`status\` uses the status in the database, which may be a moment behind the live status. ${MEMORY_NOTE}`,
  ...guard("read", { project: "itself", whenAway: true }),
  request: {
    query: pageQuery.extend({
      project: textQuery.optional().describe("Name or id of a project"),
      status: statusSchema.optional(),
      type: serviceTypeSchema.optional(),
      tag: textQuery.optional(),
      capability: textQuery.optional(),
      method: healthMethodSchema.optional(),
      q: textQuery.optional().describe("Text that the name of the service or of its project contains"),
      include_stopped: flagSchema.optional().describe("`true`: also list services of stopped projects"),
    }),
  },
  responses: {
    200: jsonResponse(
      z.object({ services: z.array(serviceSchema), ...pageFields }).openapi("ServicePage"),
      "A page of services",
    ),
    ...problems(400, 401, 403, 429),
  },
});

const create = createRoute({
  method: "post",
  path: "/api/services",
  operationId: "createService",
  tags,
  summary: "Create a service",
  description: "The project must exist. Name it by `project_id` or by `project`.",
  ...guard("write", { project: "itself", register: true }),
  request: { body: jsonBody(newServiceSchema) },
  responses: {
    201: jsonResponse(serviceSchema, "The new service"),
    ...problems(400, 401, 403, 404, 409, 413, 415, 429),
  },
});

const read = createRoute({
  method: "get",
  path: "/api/services/{id}",
  operationId: "getService",
  tags,
  summary: "Get a service",
  description: MEMORY_NOTE,
  ...guard("read", { project: "service", whenAway: true }),
  request: { params: idParams },
  responses: { 200: jsonResponse(serviceSchema, "The service"), ...problems(400, 401, 403, 404, 429) },
});

const patch = createRoute({
  method: "patch",
  path: "/api/services/{id}",
  operationId: "changeService",
  tags,
  summary: "Update a service",
  description:
    "Changes only the fields that are given. The service that results must be valid as a whole. A key of the scope `register` does not see texts among the options nor the user and query of the target; whoever can't see them can't send them elsewhere either: who changes what is checked, how or by whom gives these fields anew.",
  ...guard("write", { project: "service", register: true }),
  request: { params: idParams, body: jsonBody(servicePatchSchema) },
  responses: { 200: jsonResponse(serviceSchema, "The service"), ...problems(400, 401, 403, 404, 409, 413, 415, 429) },
});

const remove = createRoute({
  method: "delete",
  path: "/api/services/{id}",
  operationId: "deleteService",
  tags,
  summary: "Delete a service",
  ...guard("write", { project: "service", register: true }),
  request: { params: idParams },
  responses: { 204: { description: "The service is deleted" }, ...problems(400, 401, 403, 404, 429) },
});

const MAX_PAUSE_MINUTES = 30 * 24 * 60;
const pauseSchema = z
  .strictObject({ minutes: z.int().min(1).max(MAX_PAUSE_MINUTES).describe("From now on; at most 30 days") })
  .openapi("Pause");

const pause = createRoute({
  method: "post",
  path: "/api/services/{id}/pause",
  operationId: "pauseService",
  tags,
  summary: "Disable a service for a while",
  description:
    "The hub enables it again by itself, to the minute. To end the pause before, enable it; a manifest that names it does so too. A service that was disabled for good stays so.",
  ...guard("write", { project: "service" }),
  request: { params: idParams, body: jsonBody(pauseSchema) },
  responses: { 200: jsonResponse(serviceSchema, "The service"), ...problems(400, 401, 403, 404, 413, 415, 429) },
});

export const services = routes()
  .openapi(list, async (c) => {
    const { hub } = c.var;
    const query = c.req.valid("query");
    const { projects: reach } = c.var.principal;
    const mayWrite = maySeeAll(c);
    const page = await orFromMemory(
      c,
      () => servicePage(hub, { ...query, within: reach ?? undefined }, mayWrite),
      (entries) => {
        const own = withinReach(reach, entries, ({ check }) => check.project_id);
        return knownServicePage(own, query, { now: hub.now(), mayWrite });
      },
    );
    return c.json(page, 200);
  })
  .openapi(create, async (c) => {
    const { hub } = c.var;
    const { project_id, project: projectName, ...given } = c.req.valid("json");
    const project = await projectOf(hub, { id: project_id, name: projectName }, c.var.principal.projects);
    const input = parseService(given, rulesOf(c));
    if (!input.ok) throw invalid(input.error);
    requireOwnAgent(c, input.value, null);
    requireRoom(project);
    const row = await createService(hub.db, project.id, input.value, hub.now());
    if (row === "duplicate") throw nameTaken(project.name, given);
    await announce(hub, [{ before: null, after: row }]);
    return c.json(await oneService(hub, row, maySeeAll(c)), 201, { location: `/api/services/${row.id}` });
  })
  .openapi(read, async (c) => {
    const { hub } = c.var;
    const { id } = c.req.valid("param");
    const mayWrite = maySeeAll(c);
    const service = await orFromMemory(
      c,
      async () => oneService(hub, orNotFound(await getService(hub.db, id), "service"), mayWrite),
      (entries) => knownService(entries, id, { now: hub.now(), mayWrite }),
    );
    return c.json(service, 200);
  })
  .openapi(patch, async (c) => {
    const { hub } = c.var;
    const { id } = c.req.valid("param");
    const row = await untilWritten(async () => {
      const body = c.req.valid("json");
      const stored = orNotFound(await getService(hub.db, id), "service");
      if (!maySeeAll(c)) requireNoneKept(stored, body);
      const before = underPatch(stored, body);
      const input = parsePatch(before, body, rulesOf(c));
      if (!input.ok) throw invalid(input.error);
      requireOwnAgent(c, input.value, before.agent);
      if (matchesInput(before, input.value)) return before;
      const after = await changeService(hub.db, before, input.value, hub.now());
      if (after === "duplicate") throw nameTaken(before.project, input.value);
      if (after !== "changed") await announce(hub, [{ before, after }]);
      return after;
    });
    return c.json(await oneService(hub, row, maySeeAll(c)), 200);
  })
  .openapi(pause, async (c) => {
    const { hub } = c.var;
    const { minutes } = c.req.valid("json");
    const before = orNotFound(await getService(hub.db, c.req.valid("param").id), "service");
    const until = hub.now() + minutes * 60_000;
    const after = orNotFound(await pauseService(hub.db, before.id, until, hub.now()), "service");
    await announce(hub, [{ before, after }]);
    return c.json(await oneService(hub, after, maySeeAll(c)), 200);
  })
  .openapi(remove, async (c) => {
    const { hub } = c.var;
    const before = orNotFound(await getService(hub.db, c.req.valid("param").id), "service");
    if (!(await deleteService(hub.db, before.id))) throw new Problem(404, "no such service");
    await announce(hub, [{ before, after: null }]);
    return c.body(null, 204);
  });

/** Whether the caller sees options of services as they are. Who only registers services sees none of others' secrets. */
export function maySeeAll(c: Context<HubEnv>): boolean {
  return hasScope(c.var.principal, "write");
}

/**
 * An agent reaches private networks, and runs its machine's own commands. Who only registers services hands it none.
 * `before`: the agent of the service until now. Throws a 403.
 */
export function requireOwnAgent(c: Context<HubEnv>, { agent }: Pick<ServiceInput, "agent">, before: string | null) {
  if (agent === null || agent === before || maySeeAll(c)) return;
  throw new Problem(403, "a key of the scope register hands no check to an agent; one of the scope write may");
}

/** Throws a 403 when the patch would send what the caller must not see to where the caller says. */
function requireNoneKept(row: ServiceRow, patch: ServicePatch): void {
  const [kept] = keptHidden(row, patch);
  if (kept === undefined) return;
  const hint = "give it too, or register the service anew with PUT";
  throw new Problem(403, `the check has a value in ${kept} that the key may not see, so it can't be kept: ${hint}`);
}

/** More than this many others at once are no accident. */
const MAX_TRIES = 20;

/** Reads and writes again when somebody else wrote in between, so that neither undoes the other. `what` is written. */
export async function untilWritten<T>(attempt: () => Promise<T | "changed">, what = "service"): Promise<T> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const written = await attempt();
    if (written !== "changed") return written;
  }
  throw new Problem(409, `others change the same ${what} at this moment; try again`);
}

/** For what the caller writes. */
export function rulesOf({ var: { hub, principal } }: Context<HubEnv>) {
  return { allowPrivate: hub.settings.ALLOW_PRIVATE_TARGETS, mayReceive: hub.mayReceive(principal.projects) };
}

/** Throws a 409 when the project takes no further service. */
export function requireRoom(project: ProjectRow): void {
  const reason = fullness(project);
  if (reason !== null) throw new Problem(409, reason);
}

function nameTaken(project: string, { name }: Pick<ServiceBody, "name">): Problem {
  return new Problem(409, `there is a service named ${name} in the project ${project} already`);
}

async function projectOf(
  hub: HubContext,
  { id, name }: { id: number | undefined; name: string | undefined },
  reach: Reach,
): Promise<ProjectRow> {
  if (id === undefined && name === undefined) {
    throw invalid([{ path: "project_id", message: "expected project_id or project" }]);
  }
  const row = id === undefined ? await getProjectByName(hub.db, name ?? "") : await getProject(hub.db, id);
  requireProject(reach, row?.id);
  const project = orNotFound(row, "project");
  if (name !== undefined && project.name !== name) {
    throw invalid([{ path: "project", message: `the project ${id} is named ${project.name}` }]);
  }
  return project;
}
