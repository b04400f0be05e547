/** `PUT /api/agents/{name}/services`: an agent registers what runs in containers. */
import { createRoute, z } from "@hono/zod-openapi";
import {
  containerKey,
  type DiscoveryAnswer,
  deletedWith,
  deletionsAfter,
  discoveredSchema,
  discoveryAnswerSchema,
  discoverySchema,
  type FoundContainer,
  goneSchema,
  planDiscovery,
  projectStatusAfter,
  type Refusal,
  withoutDeleted,
} from "../../core/agent/discovery.ts";
import type { ServiceChange } from "../../core/board/registry-change.ts";
import { isWatched } from "../../core/board/service-view.ts";
import { type Reach, reaches } from "../../core/hub/reach.ts";
import { MAX_PROJECT_SERVICES, withinLimit } from "../../core/service/manifest-limits.ts";
import { nameSchema } from "../../core/service/names.ts";
import type { ServiceInput } from "../../core/service/service-definition.ts";
import type { ProjectRow, ServiceRow } from "../../core/service/service-row.ts";
import { parseService } from "../../core/service/service-rules.ts";
import { CONTAINERS_KEPT_MS } from "../../core/time/durations.ts";
import { fieldErrors } from "../../core/values/fields.ts";
import { printable } from "../../core/values/printable.ts";
import { readEach } from "../../core/values/read-each.ts";
import { projectsOfAgent } from "../../store/registry/agents.ts";
import {
  deletionsOf,
  keepDeletions,
  listDeletedContainers,
  noteContainers,
} from "../../store/registry/deleted-containers.ts";
import { applyManifest, projectServices } from "../../store/registry/manifest.ts";
import { ensureProject, getProjectByName, projectNames } from "../../store/registry/projects.ts";
import { guard } from "../access/access.ts";
import type { HubContext } from "../context.ts";
import { withUnzip } from "../gzip-body.ts";
import { problems } from "../problem.ts";
import { routes } from "../routes.ts";
import { jsonBody, jsonResponse, listOf } from "../schemas.ts";
import { announce } from "../services/service-reads.ts";
import { untilWritten } from "../services/services.ts";
import { admitAgent, instanceHeaders } from "./agent-names.ts";
import { containersDigestOf } from "./agents.ts";

/** Of a name that is not one. */
const MAX_SHOWN_NAME = 64;

// The hub reads the items one by one, so the schema of the body does not name theirs.
const bodySchema = discoverySchema
  .extend({
    services: listOf("DiscoveredService", discoverySchema.shape.services),
    gone: listOf("GoneService", discoverySchema.shape.gone),
  })
  .openapi("Discovery");

const put = createRoute({
  method: "put",
  path: "/api/agents/{name}/services",
  operationId: "putDiscoveredServices",
  tags: ["agents"],
  summary: "Register the services that an agent found in containers",
  description:
    "For the agent itself. The list is the whole truth: services of this agent with a `container_id` that are not listed are gone (`gone_since`) and keep their history. Whether a service is enabled or paused stays as it is. One that a person has deleted while its container runs comes back only with a new container (`deleted`), not when its container is stopped and started again, and not through another one of its `containers` that existed at the deletion. A project starts with its first service and stops with its last, unless something else is in it; one that a person stopped stays stopped.",
  ...withUnzip(guard("admin", { project: "agent", agent: true })),
  request: { params: z.object({ name: nameSchema }), headers: instanceHeaders, body: jsonBody(bodySchema) },
  responses: {
    200: jsonResponse(discoveryAnswerSchema, "What changed"),
    ...problems(400, 401, 403, 404, 409, 413, 415, 429),
  },
});

export const discovery = routes().openapi(put, async (c) => {
  const { hub, principal } = c.var;
  const { name: agent } = c.req.valid("param");
  await admitAgent(c, agent, principal);
  const body = c.req.valid("json");
  const { projects } = principal;
  const names = projects && new Set((await projectNames(hub.db, projects)).values());
  const isOpen = (project: string) => names === null || names.has(project);
  const { inputs, containers, refused } = parsed(body.services, agent, isOpen);
  const gone = readEach(goneSchema, body.gone).read;
  const reasons = new Map(gone.map(({ project, name, reason }) => [`${project}/${name}`, reason]));
  const listed = body.services.map((each) => foundIn(fieldsOf(each)));
  const deleted = await deletedAfter(hub, agent, { listed, gone, isOpen });
  const answer: ChangedSoFar = { registered: 0, changed: 0, deregistered: 0, refused, deleted: [] };
  for (const project of new Set([...inputs.keys(), ...(await projectsOfAgent(hub.db, agent)).filter(isOpen)])) {
    const wanted = inputs.get(project) ?? [];
    await changeProject(hub, { project, agent, reach: projects, wanted, containers, reasons, deleted }, answer);
  }
  return c.json({ ...answer, digest: await containersDigestOf(hub, agent, projects) }, 200);
});

discovery.openAPIRegistry.register("DiscoveredService", discoveredSchema);
discovery.openAPIRegistry.register("GoneService", goneSchema);

type ChangedSoFar = DiscoveryAnswer & { deleted: NonNullable<DiscoveryAnswer["deleted"]> };

function foundIn({ project, name, container_id, containers }: Record<string, unknown>): FoundContainer {
  const place = { project: String(project), name: String(name), container_id: String(container_id) };
  return Array.isArray(containers) ? { ...place, containers: containers.map(String) } : place;
}

/** Brings what is known of deletions up to the list. Returns keys of the containers whose services people have deleted. */
async function deletedAfter(
  hub: HubContext,
  agent: string,
  { isOpen, ...list }: Pick<Parameters<typeof deletionsAfter>[1], "listed" | "gone"> & { isOpen: IsOpen },
): Promise<Set<string>> {
  const deletions = (await deletionsOf(hub.db, agent)).filter(({ project }) => isOpen(project));
  if (deletions.length === 0) return new Set();
  await keepDeletions(hub.db, agent, deletionsAfter(deletions, { ...list, before: hub.now() - CONTAINERS_KEPT_MS }));
  return await deletedOf(hub, agent);
}

async function deletedOf(hub: HubContext, agent: string): Promise<Set<string>> {
  const deletions = await listDeletedContainers(hub.db, agent);
  return new Set(
    deletions.flatMap((each) => deletedWith(each).map((container_id) => containerKey({ ...each, container_id }))),
  );
}

/** Whether the key opens the project of that name. */
type IsOpen = (project: string) => boolean;

/**
 * One service that can't be registered must not hold up the others. `containers`: all of each service, by
 * `project/name`.
 */
function parsed(
  services: readonly unknown[],
  agent: string,
  isOpen: IsOpen,
): { inputs: Map<string, ServiceInput[]>; containers: Map<string, string[]>; refused: Refusal[] } {
  const inputs = new Map<string, ServiceInput[]>();
  const containersOf = new Map<string, string[]>();
  const refused: Refusal[] = [];
  const seen = new Set<string>();
  for (const given of services) {
    const read = discoveredSchema.safeParse(given);
    if (!read.success) {
      const [first] = fieldErrors(read.error);
      const { project, name } = fieldsOf(given);
      refused.push({ project: nameIn(project), name: nameIn(name), reason: `${first?.path}: ${first?.message}` });
      continue;
    }
    const { project, containers = [], ...body } = read.data;
    const key = `${project}/${body.name}`;
    if (!isOpen(project)) {
      refused.push({ project, name: body.name, reason: ELSEWHERE });
      continue;
    }
    const result = parseService({ ...body, agent, enabled: true }, { allowPrivate: true, mayReceive: () => false });
    if (!result.ok) {
      const [first] = result.error;
      refused.push({ project, name: body.name, reason: `${first?.path}: ${first?.message}` });
    } else if (result.value.container_id === null || seen.has(key)) {
      const reason = seen.has(key) ? "listed twice" : "container_id: needed";
      refused.push({ project, name: body.name, reason });
    } else {
      inputs.set(project, [...(inputs.get(project) ?? []), result.value]);
      containersOf.set(key, containers);
    }
    seen.add(key);
  }
  return { inputs, containers: containersOf, refused };
}

/** Empty when the item is no object. */
function fieldsOf(item: unknown): Record<string, unknown> {
  return typeof item === "object" && item !== null ? { ...item } : {};
}

function nameIn(value: unknown): string {
  return typeof value === "string" ? printable(value).slice(0, MAX_SHOWN_NAME) : "?";
}
const ELSEWHERE = "the agent's key is limited to other projects";
const FULL = `a project may have at most ${MAX_PROJECT_SERVICES} services`;

interface ProjectChange {
  project: string;
  agent: string;
  /** Of the agent's key. */
  reach: Reach;
  wanted: readonly ServiceInput[];
  /** By `project/name`: all containers of a service. */
  containers: ReadonlyMap<string, readonly string[]>;
  /** By `project/name`: why a service has ended. */
  reasons: ReadonlyMap<string, string>;
  /** Keys of containers whose services people have deleted. */
  deleted: ReadonlySet<string>;
}

async function changeProject(hub: HubContext, change: ProjectChange, answer: ChangedSoFar): Promise<void> {
  const { project: name, reach, wanted } = change;
  const found = await untilWritten(async () => {
    const project = await projectFor(hub, change); // somebody may have stopped it since it was read
    if (project === undefined) return null;
    if (!reaches(reach, project.id)) return "elsewhere";
    const written = await writeFound(hub, project, change);
    return written === "changed" ? written : { project, written };
  }, "project");
  if (found === "elsewhere") {
    answer.refused.push(...wanted.map((each) => ({ project: name, name: each.name, reason: ELSEWHERE })));
    return;
  }
  if (found === null) {
    answer.deleted.push(...wanted.map((each) => ({ project: name, name: each.name })));
    return;
  }
  const { project, written } = found;
  await noteContainers(hub.db, { project_id: project.id, agent: change.agent }, containersIn(change));
  answer.refused.push(...written.refused.map((each) => ({ project: name, ...each })));
  answer.deleted.push(...written.deleted.map((each) => ({ project: name, name: each })));
  if (written.now === null) return;
  const { before, status } = written;
  const changes = changesBetween(before, written.now);
  for (const each of changes) count(answer, each);
  await announce(hub, changes);
  if (status !== null) await hub.projectChanged({ ...project, status });
}

function containersIn({ project, wanted, containers }: ProjectChange) {
  return wanted.map(({ name }) => ({ name, containers: containers.get(`${project}/${name}`) ?? [] }));
}

/**
 * A project that a person has deleted with all that is found in it is not made again, and none is by a limited key;
 * undefined then.
 */
async function projectFor(hub: HubContext, { project, reach, wanted, deleted }: ProjectChange) {
  const isNeeded = reach === null && wanted.some((found) => !deleted.has(containerKey({ ...found, project })));
  return isNeeded ? await ensureProject(hub.db, project, hub.now()) : await getProjectByName(hub.db, project);
}

/** Returns `changed` when others changed the services of the project meanwhile. `now`: null when nothing was to do. */
async function writeFound(hub: HubContext, row: ProjectRow, change: ProjectChange) {
  const { id } = row;
  const { project, agent, wanted, reasons } = change;
  const before = await projectServices(hub.db, id);
  const { plan: found, refused } = planDiscovery(before, wanted, agent);
  // After the services were read: what is deleted from now on makes this plan be made again.
  const known = found.create.length === 0 ? new Set<string>() : await deletedOf(hub, agent);
  const { plan: whole, deleted } = withoutDeleted(found, project, known);
  const { plan, tooMany } = withinLimit(whole, before.length);
  const refusals = [...refused, ...tooMany.map((each) => ({ name: each, reason: FULL }))];
  const status = projectStatusAfter(row, before, plan);
  if (plan.create.length + plan.update.length + plan.gone.length + plan.back.length === 0 && status === null)
    return { before, refused: refusals, deleted, status: null, now: null };
  const names = new Map(before.map((row) => [row.id, row.name]));
  const gone = plan.gone.map((each) => ({ id: each, reason: reasons.get(`${project}/${names.get(each)}`) ?? null }));
  const written = await applyManifest(hub.db, { id, before }, { ...plan, gone, status }, hub.now());
  return written === "changed" ? written : { before, refused: refusals, deleted, status, now: written.after };
}

function changesBetween(before: readonly ServiceRow[], after: readonly ServiceRow[]): ServiceChange[] {
  const old = new Map(before.map((row) => [row.id, row]));
  return after.flatMap((row) => {
    const known = old.get(row.id) ?? null;
    const same = known !== null && known.updated_at === row.updated_at && known.rev === row.rev;
    return same && isWatched(known) === isWatched(row) ? [] : [{ before: known, after: row }];
  });
}

function count(answer: DiscoveryAnswer, { before, after }: ServiceChange): void {
  const [watched, watches] = [before !== null && isWatched(before), after !== null && isWatched(after)];
  if (!watched && watches) answer.registered += 1;
  else if (watched && !watches) answer.deregistered += 1;
  else if (watches) answer.changed += 1;
}
