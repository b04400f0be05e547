/** An agent in the test's own process, and a hub of HTTP that answers as the test says. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type WebSocket, WebSocketServer } from "ws";
import { stringify } from "yaml";
import { runAgent } from "../../src/agent/run-agent.ts";
import { INSTANCE_HEADER, TAKE_OVER_HEADER } from "../../src/core/agent/agent-instance.ts";
import type { AgentReport } from "../../src/core/agent/agent-protocol.ts";
import { systemClock } from "../../src/node/system-clock.ts";

export interface FakeHub {
  url: string;
  reports: AgentReport[];
  /** What agents have said over their WebSockets, parsed, and what to say to them. */
  answers: { seq: number; observations: { verdict: string }[] }[];
  sockets: Set<WebSocket>;
  /** Header of the newest request that had one: the agent's process. */
  instance: string | undefined;
  /** Whether the newest request asked to take the name over. */
  takesOver: boolean;
  /** Answers a report in another way; null: it is taken in. */
  refuse: ((response: ServerResponse) => void) | null;
  /** Answers `GET …/checks`. */
  checks: (request: IncomingMessage, response: ServerResponse) => void;
  close(): Promise<void>;
}

export async function startFakeHub(): Promise<FakeHub> {
  const hub: FakeHub = {
    url: "",
    reports: [],
    answers: [],
    sockets: new Set(),
    instance: undefined,
    takesOver: false,
    refuse: null,
    checks: (_request, response) => void response.end("{}"),
    close,
  };
  const server: Server = createServer((request, response) => {
    hub.instance = String(request.headers[INSTANCE_HEADER]);
    hub.takesOver = request.headers[TAKE_OVER_HEADER] === "yes";
    if (request.method !== "POST") return hub.checks(request, response);
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      hub.reports.push(JSON.parse(gunzipSync(Buffer.concat(chunks)).toString("utf8")));
      if (hub.refuse !== null) return hub.refuse(response);
      response.end(JSON.stringify({ now: Date.now(), news: 0, late: 0, refused: [] }));
    });
  });
  const upgrades = new WebSocketServer({ noServer: true, handleProtocols: () => "hub.v1" });
  server.on("upgrade", (request, socket, head) => {
    if (request.url !== "/ws/agents/dc-1" || request.headers.authorization !== "Bearer hub_key")
      return socket.destroy();
    upgrades.handleUpgrade(request, socket, head, (agent) => {
      hub.sockets.add(agent);
      agent.on("message", (data) => {
        const text = String(data);
        if (text === "ping") agent.send("pong");
        else hub.answers.push(JSON.parse(text));
      });
      agent.on("close", () => hub.sockets.delete(agent));
    });
  });
  function close(): Promise<void> {
    upgrades.close();
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  hub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on a port
  return hub;
}

export interface AgentHere {
  lines: string[];
  /** The exit code. */
  ended: Promise<number>;
  /** Stops the agent and removes its folder. */
  stop(): Promise<number>;
}

/** `commands`: by name, program and arguments. `folder`: one that stays. */
export function startAgentHere(
  hub: string,
  commands: Record<string, string[]> = {},
  more: { args?: string[]; folder?: string } = {},
): AgentHere {
  const folder = more.folder ?? mkdtempSync(join(tmpdir(), "agent-here-"));
  const config = join(folder, "agent.yaml");
  const runs = Object.entries(commands).map(([name, run]) => [name, { run }]);
  writeFileSync(config, stringify({ commands: Object.fromEntries(runs) }));
  const lines: string[] = [];
  const stopping = Promise.withResolvers<void>();
  const argv = [
    "--hub",
    hub,
    "--name",
    "dc-1",
    "--no-docker",
    "--config",
    config,
    "--state",
    join(folder, "state"),
    ...(more.args ?? []),
  ];
  const say = (line: string) => void lines.push(line);
  const io = { environment: { HUB_KEY: "hub_key" }, out: say, err: say, stopped: stopping.promise };
  const ended = runAgent(argv, { ...io, clock: systemClock });
  return {
    lines,
    ended,
    async stop() {
      stopping.resolve();
      const code = await ended;
      if (more.folder === undefined) rmSync(folder, { recursive: true });
      return code;
    },
  };
}
