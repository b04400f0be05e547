/** What a real hub says of heartbeats after it could not hear them: because it was stopped, or its database was away. */
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { databaseFile } from "../processes/database-file.ts";
import { call, type FlipSeen, flipsOf, service } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { until } from "../until.ts";

const INTERVAL_S = 15;
const GRACE_S = 5;
/** Longer than a service may be silent. */
const LONG_MS = (INTERVAL_S + GRACE_S + 3) * 1_000;

let hub: HubProcess;
let key: string;
beforeAll(async () => {
  hub = await startHub({ fast: true });
  ({ key } = await call<{ key: string }>(hub, "POST", "/api/keys", { name: "beats", scope: "write" }));
});
afterAll(() => hub?.remove());

const sleep = (ms: number) => hub.clock.wait(ms);
const beat = (id: number) =>
  fetch(`${hub.url}/api/services/${id}/heartbeat`, { method: "POST", headers: { authorization: `Bearer ${key}` } });

async function beating(name: string): Promise<number> {
  const { id } = await call<{ id: number }>(hub, "PUT", `/api/projects/p/services/${name}`, {
    health_method: "heartbeat",
    health_interval: INTERVAL_S,
    health_options: { grace: GRACE_S },
  });
  expect((await beat(id)).status).toBe(202);
  await until(async () => expect(await flipsOf(hub, id)).toHaveLength(1));
  return id;
}

/** The newest time in which nobody watched the service, Unix ms and its length. */
async function newestGap(id: number): Promise<{ from: number; length: number }> {
  const path = `/api/services/${id}/history`;
  const { unwatched } = await call<{ unwatched: { from: string; to: string }[] }>(hub, "GET", path);
  const { from = "", to = "" } = unwatched.at(-1) ?? {};
  return { from: Date.parse(from), length: Date.parse(to) - Date.parse(from) };
}

/** Lets the service beat until it is told to stop. */
function keepBeating(id: number) {
  let isOver = false;
  let longestMs = 0;
  const run = async () => {
    for (let last = hub.clock.now(); !isOver; await sleep(500)) {
      if ((await beat(id)).status === 202) last = hub.clock.now();
      longestMs = Math.max(longestMs, hub.clock.now() - last);
    }
  };
  const ended = run();
  return {
    /** Whether no beat was so late, on this machine, that the hub had to take it for silence. */
    async stop(): Promise<{ wasSteady: boolean }> {
      isOver = true;
      await ended;
      return { wasSteady: longestMs < INTERVAL_S * 1_000 };
    },
  };
}

async function isDown(id: number): Promise<FlipSeen> {
  return await until(async () => {
    const flip = (await flipsOf(hub, id)).find(({ to }) => to === "down");
    if (flip === undefined) throw new Error("it is not down yet");
    return flip;
  });
}

test("a stop of the hub is no silence of others; who stays silent afterwards is down", async () => {
  const [steady, silent] = [await beating("steady"), await beating("silent")];
  await until(() => expect(hub.lines.join("\n")).toContain("plan.done")); // its cron has noted that it is awake
  await beat(steady);
  await beat(silent);
  const stoppedAt = hub.clock.now() - INTERVAL_S * 1_000;
  await hub.stop();
  await sleep(LONG_MS);
  const restartedAt = hub.clock.now();
  await hub.restart();
  const beats = keepBeating(steady);
  const { length } = await until(async () => {
    const gap = await newestGap(silent);
    expect(gap.length).toBeGreaterThan(0);
    return gap;
  });
  expect(length).toBeGreaterThan(LONG_MS - INTERVAL_S * 1_000 - 500);
  expect(length).toBeLessThan(hub.clock.now() - stoppedAt);
  const down = await isDown(silent);
  expect(Date.parse(down.at) - restartedAt).toBeGreaterThan((INTERVAL_S + GRACE_S) * 1_000 - 500);
  const { wasSteady } = await beats.stop();
  if (wasSteady) expect((await flipsOf(hub, steady)).map(({ to }) => to)).toEqual(["up"]);
});

test("a hub that stands still for some seconds does not know what was then, and takes it for nobody's silence", async () => {
  const id = await beating("still");
  const pids = [hub.pid, await hub.runtimePid()];
  const began = hub.clock.now();
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  await sleep(LONG_MS);
  const went = hub.clock.now(); // not later than the hub's own "it goes on"
  for (const pid of pids) process.kill(pid, "SIGCONT");
  await until(async () => expect((await newestGap(id)).from).toBeGreaterThan(began));
  expect((await service(hub, id)).health_status).toBe("up");
  const { from, length } = await newestGap(id);
  expect(from).toBeLessThan(went);
  expect(from + length).toBeGreaterThanOrEqual(went);
  await until(async () => expect((await service(hub, id)).health_status).toBe("down"));
  const down = await until(async () => {
    const flips = await flipsOf(hub, id);
    expect(flips).toHaveLength(2);
    return flips[1];
  });
  expect(Date.parse(down?.at ?? "") - went).toBeGreaterThan((INTERVAL_S + GRACE_S) * 1_000 - 500);
});

test("a database that is away refuses no beat of a key that is known, and its absence is no silence", async () => {
  const [steady, waiting] = [await beating("steady-too"), await beating("waiting")];
  const lock = new DatabaseSync(databaseFile(hub.state));
  lock.exec("BEGIN EXCLUSIVE");
  const began = hub.clock.now();
  const answers: number[] = [];
  while (hub.clock.now() - began < LONG_MS) {
    answers.push((await beat(steady)).status);
    await sleep(1_000);
  }
  lock.exec("ROLLBACK");
  lock.close();
  expect(new Set(answers)).toEqual(new Set([202]));
  const beats = keepBeating(steady);
  await isDown(waiting);
  const { wasSteady } = await beats.stop();
  if (wasSteady) expect((await flipsOf(hub, steady)).map(({ to }) => to)).toEqual(["up"]);
});
