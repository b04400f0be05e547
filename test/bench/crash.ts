/** A large hub that is killed: how soon does it answer again, with every status as it was? */

import { accepted, json } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { sleep } from "../processes/patience.ts";
import type { Bench, BenchContext } from "./bench.ts";
import { settled } from "./database.ts";
import type { Figure } from "./figure.ts";
import { loadAverage } from "./process-tree.ts";
import { registerServices } from "./registered.ts";
import { startTarget } from "./target-process.ts";

const SERVICES = 10_000;
const INTERVAL_S = 60;
/** Of the services: these are down when the hub is killed. */
const DOWN = 40;
const LIMIT_MS = 60_000;
const POLL_MS = 20;

export const crashBench: Bench = {
  names: ["crash"],
  about: `kill -9 of a hub with ${SERVICES} services: until it answers with every status right`,
  async run({ progress }) {
    const target = await startTarget();
    const hub = await startHub({ args: ["--quiet"] });
    try {
      await registerServices(hub, { count: SERVICES, interval: INTERVAL_S, target, progress });
      await takeDown(hub, progress);
      await settled(hub.state, progress);
      const before = await statuses(hub);
      progress("kill -9");
      await hub.kill9();
      const started = Date.now();
      await hub.restart();
      const ready = Date.now() - started;
      await allRight(hub, before, started);
      return [figure(Date.now() - started, ready)];
    } finally {
      await hub.remove();
      await target.stop();
    }
  },
};

/** Services that nothing answers for. */
async function takeDown(hub: HubProcess, progress: BenchContext["progress"]): Promise<void> {
  const project: { id: number } = await accepted(await hub.fetch("/api/projects", json("POST", { name: "gone" })));
  const services = Array.from({ length: DOWN }, (_, number) => ({
    name: `gone${number}`,
    health_method: "tcp",
    health_url: "127.0.0.1:1",
    health_interval: INTERVAL_S,
    health_retries: 0,
  }));
  await accepted(await hub.fetch(`/api/projects/${project.id}/manifest`, json("PUT", { services })));
  for (const deadline = Date.now() + LIMIT_MS; Date.now() < deadline; await sleep(500)) {
    const { total }: { total: number } = await accepted(await hub.fetch("/api/services?status=down&limit=1"));
    if (total === DOWN) return progress(`${DOWN} services are down`);
  }
  throw new Error("the services did not go down");
}

interface Page {
  services: { id: number; health_status: string; status_since: string }[];
  next_cursor: string | null;
}

/** `status since` by id. */
async function statuses(hub: HubProcess): Promise<Map<number, string>> {
  const all = new Map<number, string>();
  for (let path: string | null = "/api/services?limit=1000"; path !== null; ) {
    const { services, next_cursor }: Page = await accepted(await hub.fetch(path));
    for (const { id, health_status, status_since } of services) all.set(id, `${health_status} ${status_since}`);
    path = next_cursor === null ? null : `/api/services?limit=1000&cursor=${next_cursor}`;
  }
  return all;
}

async function allRight(hub: HubProcess, before: Map<number, string>, started: number): Promise<void> {
  for (;;) {
    const now = await statuses(hub);
    const wrong = [...before].filter(([id, status]) => now.get(id) !== status);
    if (wrong.length === 0 && now.size === before.size) return;
    if (Date.now() - started > LIMIT_MS) throw new Error(`${wrong.length} statuses are wrong after the restart`);
    await sleep(POLL_MS);
  }
}

function figure(ms: number, ready: number): Figure {
  return {
    name: `crash: kill -9 at ${SERVICES} services, until every status is right`,
    value: ms / 1_000,
    unit: "s",
    limit: 5,
    better: "lower",
    note: `ready after ${ready} ms, then ${ms - ready} ms to list ${SERVICES + DOWN} services; load average ${loadAverage()}`,
  };
}
