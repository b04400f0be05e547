/** A small hub over real HTTP: it answers what a test says and keeps what it was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { runCommandLine } from "../../src/command/run-hub.ts";
import { systemClock } from "../../src/node/system-clock.ts";

interface Asked {
  method: string;
  /** Path and query. */
  path: string;
  authorization: string | undefined;
  if_match: string | undefined;
  body: unknown;
}

type Answer = (asked: Asked) => { status?: number; body: unknown };

export async function startFakeHub(answers: Record<string, Answer>) {
  const asked: Asked[] = [];
  const reply = async (request: IncomingMessage, response: ServerResponse) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const { method = "", url: path = "" } = request;
    const { authorization, "if-match": if_match } = request.headers;
    const one: Asked = { method, path, authorization, if_match, body: text === "" ? null : JSON.parse(text) };
    asked.push(one);
    const answer = answers[`${method} ${path.split("?")[0]}`];
    const { status = 200, body } = answer?.(one) ?? { status: 404, body: { detail: "no such thing" } };
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  const server = createServer((request, response) => {
    reply(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server has no other kind of address
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}`, asked, server, stop };
}

export interface RunOptions {
  environment?: Record<string, string>;
  answer?: string;
  isTerminal?: boolean;
  stopped?: Promise<unknown>;
}

/** Runs the command as a user does; XDG_CONFIG_HOME is a folder without a configuration. */
export async function hub(argv: string[], { environment = {}, answer, isTerminal = false, stopped }: RunOptions = {}) {
  const [out, err, questions]: [string[], string[], string[]] = [[], [], []];
  const ask = async (question: string) => {
    questions.push(question);
    return answer ?? "";
  };
  const code = await runCommandLine(argv, {
    environment: { XDG_CONFIG_HOME: "/nonexistent", ...environment },
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    clock: systemClock,
    isTerminal,
    ask: answer === undefined ? null : ask,
    root: "/nonexistent",
    stopped: stopped ?? new Promise(() => {}),
  });
  return { code, out: out.join("\n"), err: err.join("\n"), questions };
}

export function aService(given: Record<string, unknown> = {}) {
  const at = new Date(Date.now() - 3_725_000).toISOString();
  return {
    id: 1,
    project_id: 1,
    project: "shop",
    name: "web",
    service_type: "web",
    health_method: "http",
    health_url: "http://web.test/health",
    health_interval: 30,
    health_timeout: 5,
    health_retries: 3,
    health_options: {},
    version: null,
    port: 80,
    container_id: null,
    agent: null,
    tags: [],
    capabilities: [],
    metadata: {},
    depends_on: [],
    enabled: true,
    health_status: "up",
    status_since: at,
    flapping: false,
    last_health_check: at,
    consecutive_failures: 0,
    breaker: "closed",
    stale: false,
    health_details: { latency_ms: 12.4, version: null, error: null },
    created_at: at,
    updated_at: at,
    ...given,
  };
}

export function aProject(given: Record<string, unknown> = {}) {
  const at = "2026-01-01T00:00:00.000Z";
  return {
    id: 1,
    name: "shop",
    status: "running",
    health: "healthy",
    service_count: 1,
    metadata: {},
    created_at: at,
    updated_at: at,
    ...given,
  };
}
