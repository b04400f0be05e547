/** The targets of a run of chaos: HTTP servers on some loopback addresses that fail as the schedule says. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Answer } from "./chaos-oracle.ts";
import type { ChaosService, Way } from "./chaos-schedule.ts";

/** The hub limits its connections to one host, and real services have many. */
const HOSTS = Array.from({ length: 16 }, (_, index) => `127.0.0.${index + 1}`);

export interface ChaosTarget {
  url(name: string): string;
  /** From now on the schedule holds; until then all is well. `at`: Unix ms. */
  start(at: number): void;
  /** What the service answered since the start, ms from it. */
  answers(name: string): Answer[];
  stop(): Promise<void>;
}

export async function startChaosTarget(services: readonly ChaosService[]): Promise<ChaosTarget> {
  const byName = new Map(services.map((service) => [service.name, service]));
  const answers = new Map<string, Answer[]>(services.map(({ name }) => [name, []]));
  let start = Number.POSITIVE_INFINITY;
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const name = (request.url ?? "/").slice(1);
    const service = byName.get(name);
    if (service === undefined) return void response.writeHead(404).end();
    const at = Date.now() - start;
    const way = wayAt(service, at);
    if (at >= 0) answers.get(name)?.push({ at, ok: way === null });
    answer(response, way);
  };
  const servers = await Promise.all(HOSTS.map((host) => listen(handle, host)));
  const ports = servers.map((server) => (server.address() as AddressInfo).port); // they listen on a port
  return {
    url(name) {
      const index = [...byName.keys()].indexOf(name) % HOSTS.length;
      return `http://${HOSTS[index]}:${ports[index]}/${name}`;
    },
    start: (at) => {
      start = at;
    },
    answers: (name) => answers.get(name) ?? [],
    async stop() {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

/** What is wrong with the service at the time; null: nothing. */
export function wayAt({ outages, blips }: ChaosService, at: number): Way | null {
  return [...outages, ...blips].find(({ from, until }) => at >= from && at < until)?.way ?? null;
}

function answer(response: ServerResponse, way: Way | null): void {
  switch (way) {
    case null:
      response.end("ok");
      return;
    case "refuses":
      response.writeHead(503).end("out of order");
      return;
    case "breaks off":
      response.destroy();
      return;
    case "is silent": // until the other side has enough of it
  }
}

async function listen(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  host: string,
): Promise<Server> {
  const server = createServer(handle);
  server.listen(0, host);
  await once(server, "listening");
  return server;
}
