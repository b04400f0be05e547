/** The prober of an agent in the runtime: who is asked, and what becomes of tasks that get no good answer. */
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { AgentTask } from "../../../src/core/agent/agent-task.ts";
import type { Observation } from "../../../src/core/service/records.ts";
import type { Prober } from "../../../src/objects/prober/prober.ts";
import { aCheck } from "../../core/fixtures.ts";

const VANTAGE = "agent:dc-1";
const seen = { at: 0, verdict: "ok", latency_ms: 3, error: null, details: {} } as const;
const checks = [aCheck({ service_id: 1 }), aCheck({ service_id: 2 })];
let stub: DurableObjectStub<Prober>;
beforeEach(() => {
  stub = env.PROBER.get(env.PROBER.newUniqueId());
});

/** Connects an agent that answers each task as the test says. */
async function connect(answer: (task: AgentTask, socket: WebSocket) => void) {
  const { webSocket: socket } = await stub.fetch("http://prober/", { headers: { upgrade: "websocket" } });
  if (socket === null) throw new Error("no socket");
  const tasks: AgentTask[] = [];
  const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
  socket.addEventListener("message", ({ data }) => {
    const task: AgentTask = JSON.parse(String(data));
    tasks.push(task);
    answer(task, socket);
  });
  socket.accept();
  return { socket, tasks, closed };
}

async function ask(): Promise<Observation[]> {
  const observations = await stub.probe(checks, VANTAGE);
  return observations.flatMap((observation) => observation ?? []);
}
const answerAll = (task: AgentTask, socket: WebSocket, at = Date.now()) =>
  socket.send(JSON.stringify({ seq: task.seq, observations: task.checks.map(() => ({ ...seen, at })) }));

describe("an agent that is asked", () => {
  it("gets the checks, and what it saw comes back as its vantage's", async () => {
    const { tasks } = await connect(answerAll);
    const observations = await ask();
    expect(observations.map(({ vantage, verdict }) => [vantage, verdict])).toEqual([
      [VANTAGE, "ok"],
      [VANTAGE, "ok"],
    ]);
    expect(tasks[0]?.checks.map(({ service_id }) => service_id)).toEqual([1, 2]);
  });

  it.each([
    ["in the future", 4e12],
    ["long ago", 0],
  ])("with a clock that is %s dates what it saw within its task", async (_, at) => {
    await connect((task, socket) => answerAll(task, socket, at));
    const from = Date.now();
    for (const observation of await ask()) {
      expect(observation.at).toBeGreaterThanOrEqual(from);
      expect(observation.at).toBeLessThanOrEqual(Date.now());
    }
  });

  it("is the one that connected last", async () => {
    const before = await connect(() => {});
    await new Promise((resolve) => setTimeout(resolve, 5));
    const now = await connect(answerAll);
    await ask();
    expect([before.tasks, now.tasks].map((tasks) => tasks.length)).toEqual([0, 1]);
  });

  it("is still there after the object was evicted, and gets another number", async () => {
    const { tasks } = await connect(answerAll);
    await ask();
    await evictDurableObject(stub);
    await ask();
    const [first = 0, second = 0] = tasks.map(({ seq }) => seq);
    expect(second).toBeGreaterThan(first);
  });

  it("keeps few connections", async () => {
    const first = await connect(answerAll);
    for (let count = 0; count < 3; count++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await connect(answerAll);
    }
    expect((await first.closed).code).toBe(1008);
  });
});

describe("a task says nothing of the services", () => {
  const blind = (why: string) =>
    checks.map(() => ({ vantage: VANTAGE, verdict: "inconclusive", error: `vantage ${VANTAGE}: ${why}` }));

  it("when no agent is connected", async () => {
    expect(await ask()).toMatchObject(blind("the agent is not connected"));
  });

  it("when the connection breaks off", async () => {
    await connect((_task, socket) => socket.close(1001, "stopping"));
    expect(await ask()).toMatchObject(blind("the agent's connection broke off"));
  });

  it.each([
    ["no JSON", "<html>"],
    ["no result", JSON.stringify({ seq: 1, observations: "all" })],
    ["a verdict that there is not", JSON.stringify({ seq: 1, observations: [{ ...seen, verdict: "fine" }] })],
  ])("when the answer is %s, and the connection is closed", async (_, answer) => {
    const { closed } = await connect((_task, socket) => socket.send(answer));
    expect(await ask()).toMatchObject(blind("the agent's connection broke off"));
    expect((await closed).code).toBe(1007);
  });
});
