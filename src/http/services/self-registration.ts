/** `PUT /api/projects/{project}/services/{name}`: a service registers itself. Repeating the request is harmless. */
import { createRoute } from "@hono/zod-openapi";
import { matchesInput } from "../../core/service/manifest-plan.ts";
import { selfRegistrationSchema } from "../../core/service/registration.ts";
import type { ServiceInput } from "../../core/service/service-definition.ts";
import type { ProjectRow, ServiceRow } from "../../core/service/service-row.ts";
import { parseService } from "../../core/service/service-rules.ts";
import { changeService, createService, getServiceByName } from "../../store/registry/services.ts";
import { guard } from "../access/access.ts";
import { projectNamed, requireProject } from "../access/reach.ts";
import type { HubContext } from "../context.ts";
import { nameParams } from "../parameters.ts";
import { invalid, Problem, problems } from "../problem.ts";
import { routes } from "../routes.ts";
import { jsonBody, jsonResponse, serviceSchema } from "../schemas.ts";
import { announce, oneService } from "./service-reads.ts";
import { maySeeAll, requireOwnAgent, requireRoom, rulesOf, untilWritten } from "./services.ts";

const put = createRoute({
  method: "put",
  path: "/api/projects/{project}/services/{name}",
  operationId: "registerService",
  tags: ["services"],
  summary: "Register a service: create or update it by name",
  description:
    "For services that register themselves. Creates the project when it does not exist, unless the key is limited to projects. Fields that are left out get their defaults, except `enabled`: a disabled service stays disabled. Repeating the request changes nothing.",
  ...guard("write", { project: "name", register: true }),
  request: { params: nameParams, body: jsonBody(selfRegistrationSchema) },
  responses: {
    200: jsonResponse(serviceSchema, "The service existed; it now has the given configuration"),
    201: jsonResponse(serviceSchema, "The service was created"),
    ...problems(400, 401, 403, 409, 413, 415, 429),
  },
});

export const selfRegistration = routes().openapi(put, async (c) => {
  const { hub } = c.var;
  const { projects: reach } = c.var.principal;
  const { project, name } = c.req.valid("param");
  const { name: bodyName = name, project: bodyProject = project, ...given } = c.req.valid("json");
  if (bodyName !== name) throw invalid([{ path: "name", message: `the path says ${name}` }]);
  if (bodyProject !== project) throw invalid([{ path: "project", message: `the path says ${project}` }]);
  const { row, isNew } = await untilWritten(async () => {
    const before = await getServiceByName(hub.db, project, name);
    if (before !== undefined) requireProject(reach, before.project_id);
    const enabled = given.enabled ?? before?.enabled ?? true;
    const input = parseService({ ...given, name, enabled }, rulesOf(c));
    if (!input.ok) throw invalid(input.error);
    requireOwnAgent(c, input.value, before?.agent ?? null);
    if (before !== undefined) return await update(hub, before, input.value);
    return await create(hub, await projectNamed(hub, project, reach), input.value);
  });
  return c.json(await oneService(hub, row, maySeeAll(c)), isNew ? 201 : 200);
});

interface Written {
  row: ServiceRow;
  isNew: boolean;
}

/** Returns `changed` when another request created the service first. */
async function create(hub: HubContext, project: ProjectRow, input: ServiceInput): Promise<Written | "changed"> {
  requireRoom(project);
  const row = await createService(hub.db, project.id, input, hub.now());
  if (row === "duplicate") return "changed";
  await announce(hub, [{ before: null, after: row }]);
  return { row, isNew: true };
}

/** Returns `changed` when another request changed or deleted the service meanwhile. */
async function update(hub: HubContext, before: ServiceRow, input: ServiceInput): Promise<Written | "changed"> {
  if (matchesInput(before, input)) return { row: before, isNew: false };
  const row = await changeService(hub.db, before, input, hub.now());
  if (row === "duplicate") throw new Problem(409, "renamed by another request at the same time; try again");
  if (row === "changed") return row;
  await announce(hub, [{ before, after: row }]);
  return { row, isNew: false };
}
