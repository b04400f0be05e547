/**
 * Services that an agent found in containers. The agent says what runs; what it said of before and not any more stays in
 * the registry, as gone, so that its history is there when it comes back. Whether a service is enabled people decide.
 */
import { z } from "zod";
import { type ManifestPlan, matchesInput } from "./manifest-plan.ts";
import { nameSchema, serviceNameSchema } from "./names.ts";
import { serviceSchema } from "./registration.ts";
import type { ServiceInput } from "./service-definition.ts";
import type { ServiceRow } from "./service-row.ts";

/** Containers of one agent. */
export const MAX_DISCOVERED = 1_000;
export const MAX_REASON_CHARS = 200;
/** The reason of an end after which the container can't be started again. */
export const CONTAINER_REMOVED = "container removed";

export const discoveredSchema = serviceSchema
  .extend({ project: nameSchema, name: serviceNameSchema })
  .meta({ id: "DiscoveredService" });

export const goneSchema = z
  .strictObject({ project: z.string(), name: z.string(), reason: z.string().max(MAX_REASON_CHARS) })
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

/** A container as its agent lists it. */
export interface FoundContainer {
  project: string;
  name: string;
  container_id: string | null;
}

/** What the engine says of services, beside what changes in their definitions. Whether they are enabled it does not say. */
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
 * What becomes of a project's status with the plan: it starts with the first container that runs in it, and stops with
 * the last. A project that a person stopped stays stopped, for its containers still run. Null: it stays as it is.
 */
export function projectStatusAfter(
  status: "running" | "stopped",
  before: readonly ServiceRow[],
  plan: Pick<DiscoveryPlan, "create" | "back" | "gone">,
): "running" | "stopped" | null {
  const running = before.filter(({ gone_since }) => gone_since === null);
  const comes = plan.create.length + plan.back.length > 0;
  const stays = running.some(({ id }) => !plan.gone.includes(id));
  if (status === "stopped" && running.length === 0 && comes) return "running";
  if (status === "running" && running.length > 0 && !comes && !stays) return "stopped";
  return null;
}
