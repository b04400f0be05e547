/** An HTTP target that answers each vantage as it is told: who may see which page is set by the test. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Started } from "./child-process.ts";

export interface Seen {
  page: string;
  /** As the User-Agent names it. */
  vantage: string;
  /** Unix ms. */
  at: number;
}

export interface Eyes extends Started {
  url(page: string): string;
  /** From now on the page breaks off its connection to these vantages; `all`: to everyone. */
  hide(page: string, from: readonly string[] | "all"): void;
  /** The page answers after so many ms. */
  slow(page: string, ms: number): void;
  /** Requests so far, oldest first. */
  seen(page: string): Seen[];
  /** The most requests that were open at once. */
  busiest(page: string): number;
}

export async function startEyes(): Promise<Eyes> {
  const hidden = new Map<string, readonly string[] | "all">();
  const delays = new Map<string, number>();
  const seen: Seen[] = [];
  const open = new Map<string, number>();
  const busiest = new Map<string, number>();
  const reply = async (request: IncomingMessage, response: ServerResponse) => {
    const page = (request.url ?? "/").slice(1);
    const vantage = /vantage=([a-z0-9:-]+)/.exec(request.headers["user-agent"] ?? "")?.[1] ?? "nobody";
    seen.push({ page, vantage, at: Date.now() });
    open.set(page, (open.get(page) ?? 0) + 1);
    busiest.set(page, Math.max(busiest.get(page) ?? 0, open.get(page) ?? 0));
    response.once("close", () => open.set(page, (open.get(page) ?? 1) - 1));
    const blind = hidden.get(page) ?? [];
    if (blind === "all" || blind.includes(vantage)) return void request.socket.destroy();
    const delay = delays.get(page);
    if (delay !== undefined) await new Promise((resolve) => setTimeout(resolve, delay));
    response.end("here");
  };
  const server = createServer((request, response) => {
    reply(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: (page) => `http://127.0.0.1:${port}/${page}`,
    hide: (page, from) => hidden.set(page, from),
    slow: (page, ms) => delays.set(page, ms),
    seen: (page) => seen.filter((each) => each.page === page),
    busiest: (page) => busiest.get(page) ?? 0,
    stop: async () => {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}
