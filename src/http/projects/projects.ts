/** `/api/projects`: groups of services that are started and stopped together. */
import { createRoute, z } from "@hono/zod-openapi";
import type { BoardEntry } from "../../core/board/board-entry.ts";
import { knownProjects } from "../../core/board/known-service.ts";
import { currentState, isWatched } from "../../core/board/service-view.ts";
import { countStatuses } from "../../core/board/summary.ts";
import { withinReach } from "../../core/hub/reach.ts";
import { projectHealth, toProject } from "../../core/service/project-view.ts";
import type { ProjectStatus } from "../../core/service/records.ts";
import { projectInputSchema, projectPatchSchema } from "../../core/service/registration.ts";
import type { ProjectRow } from "../../core/service/service-row.ts";
import { projectServices } from "../../store/registry/manifest.ts";
import {
  createProject,
  deleteProject,
  getProject,
  listProjects,
  setProjectStatus,
  updateProject,
} from "../../store/registry/projects.ts";
import { guard } from "../access/access.ts";
import { requireWholeHub } from "../access/reach.ts";
import type { HubContext } from "../context.ts";
import { MEMORY_NOTE, orFromMemory } from "../from-memory.ts";
import { idParams, nextCursor, pageQuery, textQuery, toPage } from "../parameters.ts";
import { orNotFound, Problem, problems } from "../problem.ts";
import { routes } from "../routes.ts";
import { jsonBody, jsonResponse, pageFields, projectHealthSchema, projectSchema } from "../schemas.ts";
import { announce, liveStates } from "../services/service-reads.ts";

const tags = ["projects"];

const list = createRoute({
  method: "get",
  path: "/api/projects",
  operationId: "listProjects",
  tags,
  summary: "List projects, ordered by id",
  description: MEMORY_NOTE,
  ...guard("read", { project: "itself", whenAway: true }),
  request: { query: pageQuery.extend({ q: textQuery.optional().describe("Text that the name contains") }) },
  responses: {
    200: jsonResponse(
      z.object({ projects: z.array(projectSchema), ...pageFields }).openapi("ProjectPage"),
      "A page of projects",
    ),
    ...problems(400, 401, 403, 429),
  },
});

const create = createRoute({
  method: "post",
  path: "/api/projects",
  operationId: "createProject",
  tags,
  summary: "Create a project",
  description: "The new project is running.",
  ...guard("write"),
  request: { body: jsonBody(projectInputSchema) },
  responses: { 201: jsonResponse(projectSchema, "The new project"), ...problems(400, 401, 403, 409, 413, 415, 429) },
});

const read = createRoute({
  method: "get",
  path: "/api/projects/{id}",
  operationId: "getProject",
  tags,
  summary: "Get a project",
  ...guard("read", { project: "project" }),
  request: { params: idParams },
  responses: { 200: jsonResponse(projectSchema, "The project"), ...problems(400, 401, 403, 404, 429) },
});

const patch = createRoute({
  method: "patch",
  path: "/api/projects/{id}",
  operationId: "updateProject",
  tags,
  summary: "Rename a project or replace its metadata",
  description: "Names concern the whole hub, so a key that is limited to projects changes none.",
  ...guard("write", { project: "project" }),
  request: { params: idParams, body: jsonBody(projectPatchSchema) },
  responses: { 200: jsonResponse(projectSchema, "The project"), ...problems(400, 401, 403, 404, 409, 413, 415, 429) },
});

const remove = createRoute({
  method: "delete",
  path: "/api/projects/{id}",
  operationId: "deleteProject",
  tags,
  summary: "Delete a project, its services and their history",
  ...guard("write", { project: "project" }),
  request: { params: idParams },
  responses: { 204: { description: "The project is deleted" }, ...problems(400, 401, 403, 404, 429) },
});

const start = createRoute({
  method: "post",
  path: "/api/projects/{id}/start",
  operationId: "startProject",
  tags,
  summary: "Start a project: register its services and check them",
  ...guard("write", { project: "project" }),
  request: { params: idParams },
  responses: { 200: jsonResponse(projectSchema, "The project"), ...problems(400, 401, 403, 404, 429) },
});

const stop = createRoute({
  ...start,
  path: "/api/projects/{id}/stop",
  operationId: "stopProject",
  summary: "Stop a project: deregister its services and keep their history",
});

const health = createRoute({
  method: "get",
  path: "/api/projects/{id}/health",
  operationId: "getProjectHealth",
  tags,
  summary: "Get the live health of a project and its services",
  ...guard("read", { project: "project" }),
  request: { params: idParams },
  responses: {
    200: jsonResponse(projectHealthSchema, "The health of the project and of each service"),
    ...problems(400, 401, 403, 404, 429),
  },
});

export const projects = routes()
  .openapi(list, async (c) => {
    const { hub } = c.var;
    const query = c.req.valid("query");
    const { projects: reach } = c.var.principal;
    const page = await orFromMemory(
      c,
      async () => {
        const { rows, total } = await listProjects(hub.db, {
          ...toPage(query),
          q: query.q,
          within: reach ?? undefined,
        });
        return { projects: rows.map(toProject), next_cursor: nextCursor(rows, query.limit, total), total };
      },
      (entries) =>
        knownProjectPage(
          withinReach(reach, entries, ({ check }) => check.project_id),
          query,
        ),
    );
    return c.json(page, 200);
  })
  .openapi(create, async (c) => {
    const { hub } = c.var;
    const { name, metadata = {} } = c.req.valid("json");
    const row = orNameTaken(await createProject(hub.db, { name, metadata, now: hub.now() }), name);
    hub.audit.note("project.created", row.name);
    return c.json(toProject(row), 201, { location: `/api/projects/${row.id}` });
  })
  .openapi(read, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(toProject(orNotFound(await getProject(c.var.hub.db, id), "project")), 200);
  })
  .openapi(patch, async (c) => {
    const { hub } = c.var;
    const { id } = c.req.valid("param");
    const { name, metadata } = c.req.valid("json");
    const before = orNotFound(await getProject(hub.db, id), "project");
    if (name !== undefined && name !== before.name) requireWholeHub(c.var.principal);
    if (name === undefined && metadata === undefined) return c.json(toProject(before), 200);
    const changed = await updateProject(hub.db, id, { name, metadata }, hub.now());
    const row = orNotFound(orNameTaken(changed, name ?? before.name), "project");
    const fields = (["name", "metadata"] as const).filter(
      (field) => JSON.stringify(row[field]) !== JSON.stringify(before[field]),
    );
    if (fields.length > 0) hub.audit.note("project.updated", row.name, fields);
    if (row.name !== before.name) {
      const services = await projectServices(hub.db, id);
      // The services did not change, but the live board shows the name of their project.
      await announce(
        hub,
        services.map((service) => ({ before: service, after: service })),
      );
    }
    return c.json(toProject(row), 200);
  })
  .openapi(remove, async (c) => {
    const { hub } = c.var;
    const { id } = c.req.valid("param");
    const [services, known] = await Promise.all([projectServices(hub.db, id), getProject(hub.db, id)]);
    if (!(await deleteProject(hub.db, id))) throw new Problem(404, "no such project");
    hub.audit.note("project.deleted", known?.name ?? String(id));
    await announce(
      hub,
      services.map((before) => ({ before, after: null })),
    );
    return c.body(null, 204);
  })
  .openapi(start, async (c) => c.json(toProject(await setStatus(c.var.hub, c.req.valid("param").id, "running")), 200))
  .openapi(stop, async (c) => c.json(toProject(await setStatus(c.var.hub, c.req.valid("param").id, "stopped")), 200))
  .openapi(health, async (c) => {
    const { hub } = c.var;
    const { id } = c.req.valid("param");
    const row = orNotFound(await getProject(hub.db, id), "project");
    return c.json(await projectHealthView(hub, row), 200);
  });

function knownProjectPage(
  entries: readonly BoardEntry[],
  query: { limit: number; cursor?: { after: number } | undefined; q?: string | undefined },
) {
  const text = query.q?.toLowerCase() ?? "";
  const matching = knownProjects(entries).filter(({ name }) => name.toLowerCase().includes(text));
  const after = query.cursor?.after ?? 0;
  const projects = matching.filter(({ id }) => id > after).slice(0, query.limit);
  return { projects, next_cursor: nextCursor(projects, query.limit, matching.length), total: matching.length };
}

/** Returns the row. Throws a 409 when another project has the name. */
function orNameTaken<T>(row: T | "duplicate", name: string): T {
  if (row === "duplicate") throw new Problem(409, `there is a project named ${name} already`);
  return row;
}

/** Does nothing when the project already has this status, except that a stop by the hub becomes a person's. */
async function setStatus(hub: HubContext, id: number, status: ProjectStatus): Promise<ProjectRow> {
  const project = orNotFound(await getProject(hub.db, id), "project");
  if (project.status === status) return orNotFound(await setProjectStatus(hub.db, id, status, hub.now()), "project");
  const before = new Map((await projectServices(hub.db, id)).map((row) => [row.id, row]));
  const changed = orNotFound(await setProjectStatus(hub.db, id, status, hub.now()), "project");
  const after = await projectServices(hub.db, id);
  await announce(
    hub,
    after.map((row) => ({ before: before.get(row.id) ?? null, after: row })),
  );
  hub.audit.note(status === "running" ? "project.started" : "project.stopped", changed.name);
  await hub.projectChanged({ id, name: changed.name, status });
  return changed;
}

async function projectHealthView(hub: HubContext, row: ProjectRow) {
  const services = await projectServices(hub.db, row.id);
  const live = await liveStates(hub, services);
  const states = services.map((service) => ({
    service,
    state: currentState(service, live.get(service.id) ?? null, hub.now()),
  }));
  const counts = countStatuses(states.filter(({ service }) => isWatched(service)).map(({ state }) => state.status));
  return {
    project_id: row.id,
    name: row.name,
    status: row.status,
    health: projectHealth(row.status, counts),
    service_count: services.length,
    counts,
    services: states.map(({ service, state }) => ({
      id: service.id,
      name: service.name,
      type: service.service_type,
      status: state.status,
      latency_ms: state.latency_ms,
      since: new Date(state.since).toISOString(),
    })),
  };
}
