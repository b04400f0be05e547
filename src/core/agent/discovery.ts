/**
 * Services that an agent found in containers. The agent says what runs; what it said of before and not any more stays in
 * the registry, as gone, so that its history is there when it comes back. Whether a service is enabled people decide.
 */
import { z } from "zod";
import { type ManifestPlan, matchesInput } from "../service/manifest-plan.ts";
import { nameSchema, serviceNameSchema } from "../service/names.ts";
import type { ProjectStatus } from "../service/records.ts";
import { serviceSchema } from "../service/registration.ts";
import type { ServiceInput } from "../service/service-definition.ts";
import type { ProjectRow, ServiceRow } from "../service/service-row.ts";

/** Containers of one agent. */
export const MAX_DISCOVERED = 1_000;
export const MAX_REASON_CHARS = 200;
/** Containers of one service that are named. */
export const MAX_CONTAINERS = 100;
/** The reason of an end after which the container can't be started again. */
export const CONTAINER_REMOVED = "container removed";

const containersSchema = z.array(z.string().max(128)).max(MAX_CONTAINERS);

export const discoveredSchema = serviceSchema
  .extend({
    project: nameSchema,
    name: serviceNameSchema,
    containers: containersSchema
      .optional() // an older agent names none
      .describe("All containers of the service that exist, also those that do not run and do not stand for it"),
  })
  .meta({ id: "DiscoveredService" });

export const goneSchema = z
  .strictObject({
    project: z.string(),
    name: z.string(),
    reason: z.string().max(MAX_REASON_CHARS),
    containers: containersSchema.optional().describe("Its containers that still exist"),
  })
  .meta({ id: "GoneService" });

/** `PUT /api/agents/{name}/services`. The items are read one by one, so that a wrong one costs only itself. */
export const discoverySchema = z.strictObject({
  services: z
    .array(z.unknown())
    .max(MAX_DISCOVERED)
    .describe("All services that the agent sees now, each with a `container_id`"),
  gone: z
    .array(z.unknown())
    .max(MAX_DISCOVERED)
    .default([])
    .describe("Why services that are not listed any more have ended"),
});
/** The same as an agent sends it. */
export interface Discovery {
  services: Record<string, unknown>[];
  gone: z.infer<typeof goneSchema>[];
}

const refusalSchema = z.object({ project: z.string(), name: z.string(), reason: z.string() });
export type Refusal = z.infer<typeof refusalSchema>;

const placeSchema = z.object({ project: z.string(), name: z.string() });

/** The same for the same services; an older hub sends none. */
export const containersDigest = z
  .string()
  .describe(
    "Of the services of containers that the hub has of this agent now. When it changes, the agent tells them again",
  );

/** Tells an agent that it may name all containers of a service. */
export const takesContainers = z
  .boolean()
  .describe("Whether the hub takes `containers` in the list of services; an older hub refuses it");

export const discoveryAnswerSchema = z
  .object({
    registered: z.int().describe("Services that are watched from now on"),
    changed: z.int().describe("Services whose definition is different now"),
    deregistered: z.int().describe("Services that are no longer watched"),
    refused: z.array(refusalSchema).describe("Services that were not registered, and why"),
    deleted: z
      .array(placeSchema)
      .optional() // an older hub knows of none
      .describe("Services that a person has deleted while their containers run. They come back with a new container"),
    digest: containersDigest.optional(),
  })
  .meta({ id: "DiscoveryAnswer" });
export type DiscoveryAnswer = z.infer<typeof discoveryAnswerSchema>;

/** Whether the agent found the service itself, and so may change it. */
export function isDiscoveredBy(row: Pick<ServiceRow, "agent" | "container_id">, agent: string): boolean {
  return row.agent === agent && row.container_id !== null;
}

interface Place {
  project: string;
  name: string;
}

function isOfContainer({ agent, container_id }: ServiceRow): boolean {
  return agent !== null && container_id !== null;
}

/** A container as its agent lists it. */
export interface FoundContainer extends Place {
  container_id: string | null;
  /** All containers of the place; undefined: an older agent does not tell. */
  containers?: readonly string[] | undefined;
}

/** A service that a person has deleted while a container of it ran. */
export interface Deletion extends Place {
  /** The container that stood for it. */
  container_id: string;
  /** All containers that it had; without the one that stood for it: nobody knows them. */
  containers: string[];
  /** Unix ms. */
  deleted_at: number;
}

/** The containers that must not bring the service back. */
export function deletedWith({ container_id, containers }: Deletion): string[] {
  return containers.includes(container_id) ? containers : [container_id];
}

/**
 * Brings deletions up to a list of the agent: `forget` those that nothing can undo any more, because a container that is
 * made anew stands for the service, or all that it had are removed. Containers that are stopped may be started again, so
 * they are waited for until the deletion is older than `before` (Unix ms). `noted`: deletions whose containers are known
 * by this list.
 */
export function deletionsAfter<D extends Deletion>(
  deletions: readonly D[],
  list: { listed: readonly FoundContainer[]; gone: readonly z.infer<typeof goneSchema>[]; before: number },
): { forget: D[]; noted: D[] } {
  const listed = new Map(list.listed.map((found) => [placeKey(found), found]));
  const gone = new Map(list.gone.map((end) => [placeKey(end), end]));
  const forget: D[] = [];
  const noted: D[] = [];
  for (const deletion of deletions) {
    const found = listed.get(placeKey(deletion));
    const end = gone.get(placeKey(deletion));
    const isRemoved = found === undefined && end?.reason === CONTAINER_REMOVED;
    const known = withContainers(deletion, found?.containers ?? [], isRemoved ? (end?.containers ?? []) : []);
    if (isOver(known, { found, remaining: isRemoved ? (end?.containers ?? []) : null, before: list.before })) {
      forget.push(deletion);
    } else if (known !== deletion) {
      noted.push(known);
    }
  }
  return { forget, noted };
}

/** The same when its containers are known. Otherwise those count that exist when its agent names them first. */
function withContainers<D extends Deletion>(deletion: D, listed: readonly string[], remaining: readonly string[]): D {
  const { container_id, containers } = deletion;
  if (containers.includes(container_id)) return deletion;
  if (listed.includes(container_id)) return { ...deletion, containers: [...listed] };
  return remaining.length === 0 ? deletion : { ...deletion, containers: [container_id, ...remaining] };
}

/** `remaining`: containers that exist after the one that stood for the service was removed; null: it was not. */
function isOver(
  deletion: Deletion,
  now: { found: FoundContainer | undefined; remaining: readonly string[] | null; before: number },
): boolean {
  const theirs = deletedWith(deletion);
  if (now.found !== undefined) return !theirs.includes(now.found.container_id ?? "");
  if (now.remaining !== null) return !now.remaining.some((id) => theirs.includes(id));
  return deletion.deleted_at < now.before;
}

function placeKey({ project, name }: Place): string {
  return `${project}/${name}`;
}

/** The containers' services as the engine names them, without the changes of their definitions and whether they are enabled. */
export interface DiscoveryPlan extends ManifestPlan {
  /** Ids of services whose containers have ended. */
  gone: number[];
  /** Ids of those whose containers run again. */
  back: number[];
}

/** The changes in one project. `existing`: all its services. `wanted`: has each name only once. */
export function planDiscovery(
  existing: readonly ServiceRow[],
  wanted: readonly ServiceInput[],
  agent: string,
): { plan: DiscoveryPlan; refused: Omit<Refusal, "project">[] } {
  const byName = new Map(existing.map((row) => [row.name, row]));
  const plan: DiscoveryPlan = { create: [], update: [], delete: [], gone: [], back: [], unchanged: 0 };
  const refused: Omit<Refusal, "project">[] = [];
  const seen = new Set<string>();
  for (const found of wanted) {
    const row = byName.get(found.name);
    seen.add(found.name);
    if (row === undefined) {
      plan.create.push(found);
      continue;
    }
    if (!isDiscoveredBy(row, agent)) {
      refused.push({ name: found.name, reason: ownerOf(row) });
      continue;
    }
    const input = { ...found, enabled: row.enabled };
    const isSame = matchesInput(row, input);
    if (row.gone_since !== null) plan.back.push(row.id);
    if (!isSame) plan.update.push({ id: row.id, input });
    if (isSame && row.gone_since === null) plan.unchanged += 1;
  }
  for (const row of existing) {
    if (isDiscoveredBy(row, agent) && !seen.has(row.name) && row.gone_since === null) plan.gone.push(row.id);
  }
  return { plan, refused };
}

function ownerOf({ agent }: ServiceRow): string {
  return agent === null ? "there is such a service already" : `there is such a service already, of the agent ${agent}`;
}

/** Leaves out what a person has deleted, and names it. `deleted`: by the very containers that are found now. */
export function withoutDeleted(
  plan: DiscoveryPlan,
  project: string,
  deleted: ReadonlySet<string>,
): { plan: DiscoveryPlan; deleted: string[] } {
  const isDeleted = ({ name, container_id }: ServiceInput) =>
    deleted.has(containerKey({ project, name, container_id }));
  const create = plan.create.filter((found) => !isDeleted(found));
  return { plan: { ...plan, create }, deleted: plan.create.filter(isDeleted).map(({ name }) => name) };
}

export function containerKey({ project, name, container_id }: FoundContainer): string {
  return JSON.stringify([project, name, container_id]);
}

/**
 * Returns a project's status after the plan: it starts with the first container that runs in it, and stops with
 * the last when nothing else is in it. A project that a person stopped stays stopped. Null: it stays as it is.
 */
export function projectStatusAfter(
  { status, stopped_by }: Pick<ProjectRow, "status" | "stopped_by">,
  before: readonly ServiceRow[],
  plan: Pick<DiscoveryPlan, "create" | "back" | "gone">,
): ProjectStatus | null {
  const running = before.filter(({ gone_since }) => gone_since === null);
  const comes = plan.create.length + plan.back.length > 0;
  const staying = running.filter(({ id }) => !plan.gone.includes(id));
  if (status === "stopped") return stopped_by === "hub" && (comes || staying.some(isOfContainer)) ? "running" : null;
  return running.length > 0 && !comes && staying.length === 0 ? "stopped" : null;
}
