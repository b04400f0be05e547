/**
 * The services of the demo. They really depend on each other: who asks a service that is away is unwell, too. Each of
 * some of them stops for a while, in turn.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, createServer as createTcpServer, type Server as TcpServer } from "node:net";

const HOST = "127.0.0.1";
/** From the start to the first outage, and from one to the next. */
const EVERY_MS = 45_000;
const OUTAGE_MS = 20_000;
const ASK_MS = 1_000;

export interface LittleServices {
  /** By name: `host:port`. */
  readonly addresses: ReadonlyMap<string, string>;
  /** Tells the user what will happen. */
  readonly plan: string;
  stop(): Promise<void>;
}

interface Little {
  address: string;
  /** Takes the service away, or brings it back. */
  setAway(away: boolean): Promise<void>;
  stop(): Promise<void>;
}

export async function startLittleServices(): Promise<LittleServices> {
  const all = new Map<string, Little>();
  const addressOf = (name: string) => all.get(name)?.address ?? "";
  const add = async (name: string, little: Promise<Little>) => void all.set(name, await little);
  await add("orders-db", tcpService());
  await add(
    "orders",
    httpService("orders", "1.4.2", () => connects(addressOf("orders-db"))),
  );
  await add(
    "checkout",
    httpService("checkout", "3.0.1", () => answers(addressOf("orders"))),
  );
  await add(
    "storefront",
    httpService("storefront", "7.2.0", () => answers(addressOf("checkout"))),
  );
  for (const place of ["eu", "us", "ap"])
    await add(
      `search-${place}`,
      httpService("search", "2.1.0", async () => null),
    );
  const failing = ["orders-db", "search-eu", "search-us"];
  let turn = 0;
  const timer = setInterval(() => {
    const little = all.get(failing[turn++ % failing.length] ?? "");
    void little?.setAway(true);
    setTimeout(() => void little?.setAway(false), OUTAGE_MS).unref();
  }, EVERY_MS);
  return {
    addresses: new Map([...all].map(([name, { address }]) => [name, address])),
    plan: `every ${EVERY_MS / 1_000} s one of these is away for ${OUTAGE_MS / 1_000} s: ${failing.join(", ")}`,
    async stop() {
      clearInterval(timer);
      await Promise.all([...all.values()].map((little) => little.stop()));
    },
  };
}

/** Answers its health as JSON. `trouble`: what is wrong with what it needs; null: nothing. */
async function httpService(name: string, version: string, trouble: () => Promise<string | null>): Promise<Little> {
  const server = createServer((_request, response) => {
    void trouble().then((reason) => {
      const body = { service: name, version, status: reason === null ? "pass" : "fail", output: reason ?? undefined };
      response.writeHead(reason === null ? 200 : 503, { "content-type": "application/health+json" });
      response.end(JSON.stringify(body));
    });
  });
  return await serve(server);
}

async function tcpService(): Promise<Little> {
  return await serve(createTcpServer((socket) => void socket.on("error", () => {}).end("ready\n")));
}

async function serve(server: Server | TcpServer): Promise<Little> {
  server.listen(0, HOST);
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const close = async () => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
    await closed;
  };
  return {
    address: `${HOST}:${port}`,
    async setAway(away) {
      if (away) await close();
      else if (!server.listening) server.listen(port, HOST);
    },
    stop: close,
  };
}

async function answers(address: string): Promise<string | null> {
  try {
    const response = await fetch(`http://${address}/`, { signal: AbortSignal.timeout(ASK_MS) });
    await response.body?.cancel();
    return response.ok ? null : `what it needs answers ${response.status}`;
  } catch {
    return "what it needs does not answer";
  }
}

function connects(address: string): Promise<string | null> {
  const [host = HOST, port = "0"] = address.split(":");
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: ASK_MS });
    const done = (reason: string | null) => {
      socket.destroy();
      resolve(reason);
    };
    socket.once("connect", () => done(null));
    socket.once("timeout", () => done("its database does not answer"));
    socket.once("error", () => done("its database refuses the connection"));
  });
}
