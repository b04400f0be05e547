/** Queries and changes of the other hubs, and the services of all hubs. */
import { queryOptions } from "@tanstack/react-query";
import { api, expectSuccess, responseBody } from "./client.ts";

const MAX_SERVICES = 500;
const REFRESH_MS = 5_000;

export type Peer = Awaited<ReturnType<typeof readHubs>>[number];
export type FederatedService = Awaited<ReturnType<typeof readServices>>["services"][number];

async function readHubs() {
  return (await responseBody(api.federation.hubs.$get())).hubs;
}

async function readServices() {
  return await responseBody(api.federation.services.$get({ query: { limit: String(MAX_SERVICES) } }));
}

export const hubsQuery = queryOptions({
  queryKey: ["hubs"],
  queryFn: readHubs,
  refetchInterval: REFRESH_MS,
});

/** Returns the first MAX_SERVICES services; `total` is the number of all services. */
export const federatedServicesQuery = queryOptions({
  queryKey: ["federated-services"],
  queryFn: readServices,
  refetchInterval: REFRESH_MS,
});

export async function joinHub(url: string) {
  return await responseBody(api.federation.hubs.$post({ json: { url } }));
}

/** `key`: the one that the person has seen; another one is not approved. */
export async function approveHub({ hub_id, key }: Pick<Peer, "hub_id" | "key">): Promise<void> {
  const query = key === null ? {} : { key };
  await expectSuccess(api.federation.hubs[":hub_id"].approve.$post({ param: { hub_id }, query }));
}

export async function removeHub({ hub_id }: Pick<Peer, "hub_id">): Promise<void> {
  await expectSuccess(api.federation.hubs[":hub_id"].$delete({ param: { hub_id } }));
}
