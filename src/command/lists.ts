/** Reads whole lists from a hub, page by page, and finds what a user named. */
import type { InferRequestType, InferResponseType } from "hono/client";
import { everyPage } from "../client/every-page.ts";
import type { HubClient } from "../client/hub-client.ts";
import { HubProblem, responseBody } from "../client/problem.ts";

export type Service = InferResponseType<HubClient["services"][":id"]["$get"], 200>;
export type Project = InferResponseType<HubClient["projects"][":id"]["$get"], 200>;
export type ServiceQuery = Omit<InferRequestType<HubClient["services"]["$get"]>["query"], "limit" | "cursor">;

const LIMIT = "1000";
/** No name has a colon, so an id can't be taken for a name, nor the other way round. */
const ID = /^id:(\d{1,15})$/;
const PARALLEL = 8;

/** Ordered by id. */
export async function allServices(client: HubClient, query: ServiceQuery): Promise<Service[]> {
  return await everyPage(async (cursor) => {
    const page = await responseBody(client.services.$get({ query: { ...query, limit: LIMIT, ...cursor } }));
    return { entries: page.services, next: page.next_cursor };
  });
}

/** Ordered by id. `q`: text that the name contains. */
export async function allProjects(client: HubClient, q?: string): Promise<Project[]> {
  return await everyPage(async (cursor) => {
    const query = { limit: LIMIT, ...cursor, ...(q === undefined ? {} : { q }) };
    const page = await responseBody(client.projects.$get({ query }));
    return { entries: page.projects, next: page.next_cursor };
  });
}

/** `reference`: a name, or an id as `id:7`. Returns null for an unknown one. */
export async function findProject(client: HubClient, reference: string): Promise<Project | null> {
  const id = idOf(reference);
  if (id !== null) return await orNull(responseBody(client.projects[":id"].$get({ param: { id } })));
  return (await allProjects(client, reference)).find(({ name }) => name === reference) ?? null;
}

/** The digits of `id:7`; null for a name. */
export function idOf(reference: string): string | null {
  return ID.exec(reference)?.[1] ?? null;
}

/** Says how an id is written to whom has written only digits. */
export function idHint(reference: string): string {
  return /^\d+$/.test(reference) ? `; ${reference} is a name here, and an id is written id:${reference}` : "";
}

/** As findProject. Throws when there is none. */
export async function requireProject(client: HubClient, reference: string): Promise<Project> {
  const project = await findProject(client, reference);
  if (project === null) throw new Error(`there is no project ${reference}${idHint(reference)}`);
  return project;
}

/** All services of a project, even when it is stopped; then the list of services does not have them. */
export async function projectServices(client: HubClient, project: Project): Promise<Service[]> {
  if (project.status === "running") return await allServices(client, { project: project.name });
  const { services } = await responseBody(client.projects[":id"].health.$get({ param: { id: String(project.id) } }));
  const found: Service[] = [];
  for (let start = 0; start < services.length; start += PARALLEL) {
    const part = services.slice(start, start + PARALLEL);
    const read = ({ id }: { id: number }) => responseBody(client.services[":id"].$get({ param: { id: String(id) } }));
    found.push(...(await Promise.all(part.map(read))));
  }
  return found;
}

/** `reference`: a name, `project/name`, or an id as `id:7`. Throws when there is none, or several, which it lists. */
export async function findService(client: HubClient, reference: string): Promise<Service> {
  const id = idOf(reference);
  if (id !== null) {
    const service = await orNull(responseBody(client.services[":id"].$get({ param: { id } })));
    if (service === null) throw new Error(`there is no service ${reference}`);
    return service;
  }
  const [first = "", second] = reference.split("/", 2);
  const [project, name] = second === undefined ? [undefined, first] : [first, second];
  if (name === "" || project === "") throw new Error("expected a name of a service, PROJECT/NAME or id:N");
  const listed = await allServices(client, { q: name, ...(project === undefined ? {} : { project }) });
  // A project that the hub does not know by name it takes for an id.
  const found = listed.filter((each) => each.name === name && (project === undefined || each.project === project));
  const [service] = found;
  if (service === undefined)
    throw new Error(`there is no service ${reference} in a running project${idHint(reference)}`);
  if (found.length === 1) return service;
  const places = found.map((each) => `  ${each.project}/${each.name}  (id:${each.id})`);
  throw new Error(`there are ${found.length} services ${reference}; say which:\n${places.join("\n")}`);
}

async function orNull<T>(request: Promise<T>): Promise<T | null> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof HubProblem && error.status === 404) return null;
    throw error;
  }
}
