/**
 * The network between hubs, which a test can cut. Each hub is reached at the address of a proxy, and the proxy knows by
 * the signature's key who calls.
 */
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { z } from "zod";

export interface Links {
  /** The public address of a hub, for its HUB_URL. */
  url(hubId: string): string;
  /** Where the hub really listens. */
  connect(hubId: string, target: string): Promise<void>;
  /** Separates the hub from all others, in both directions. */
  cut(hubId: string): void;
  heal(): void;
  stop(): Promise<void>;
}

const documentSchema = z.object({ keys: z.array(z.object({ kid: z.string() })) });

export async function startLinks(hubIds: readonly string[]): Promise<Links> {
  const targets = new Map<string, string>();
  const callers = new Map<string, string>();
  const lonely = new Set<string>();
  const isCut = (from: string | undefined, to: string) => {
    if (lonely.has(to)) return true;
    return from !== undefined && lonely.has(from);
  };
  const proxies = new Map(
    await Promise.all(
      hubIds.map(async (hubId) => {
        const server = createServer((request, response) => {
          const kid = /keyid="([^"]+)"/.exec(String(request.headers["signature-input"]))?.[1];
          const target = targets.get(hubId);
          if (target === undefined || isCut(callers.get(kid ?? ""), hubId)) request.socket.destroy();
          else forward(request, response, target);
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const address = server.address();
        const port = typeof address === "object" ? address?.port : 0;
        return [hubId, { server, url: `http://127.0.0.1:${port}` }] as const;
      }),
    ),
  );
  return {
    url: (hubId) => proxies.get(hubId)?.url ?? "",
    async connect(hubId, target) {
      targets.set(hubId, target);
      const { keys } = documentSchema.parse(await (await fetch(`${target}/.well-known/hub`)).json());
      for (const { kid } of keys) callers.set(kid, hubId);
    },
    cut: (hubId) => void lonely.add(hubId),
    heal: () => lonely.clear(),
    async stop() {
      for (const { server } of proxies.values()) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

/** The hub sees the proxy's address as its own: it has HUB_URL for that. */
function forward(request: IncomingMessage, response: ServerResponse, target: string): void {
  const { method, url, headers } = request;
  const upstream = httpRequest(`${target}${url}`, { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  upstream.once("error", () => response.destroy());
  request.pipe(upstream);
}
