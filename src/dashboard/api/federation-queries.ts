/** Queries and changes of the other hubs, and the services of all hubs. */
import { queryOptions } from "@tanstack/react-query";
import { api, expectSuccess, responseBody } from "./client.ts";

const MAX_SERVICES = 500;
const REFRESH_MS = 5_000;
const MAX_HUBS = 5;
const MAX_NAMES = 3;

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

/** Some services that are down at each of these hubs, and how many all are. Only the first MAX_HUBS are asked for. */
export const downElsewhereQuery = (hubs: readonly string[]) =>
  queryOptions({
    queryKey: ["down-elsewhere", ...hubs],
    queryFn: () =>
      Promise.all(
        hubs.slice(0, MAX_HUBS).map(async (hub) => {
          const query = { hub, status: "down" as const, limit: String(MAX_NAMES) };
          const { services, total } = await responseBody(api.federation.services.$get({ query }));
          return { hub_id: hub, names: services.map(({ name }) => name), count: total };
        }),
      ),
    refetchInterval: 6 * REFRESH_MS,
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
