/** What an agent takes: memory and processor time with hundreds of checks, from the bundle that users install. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { setUpAgent } from "../processes/agent-process.ts";
import { startHub } from "../processes/hub-process.ts";
import { sleep, until } from "../processes/patience.ts";
import { temporaryFolder } from "../servers/child-process.ts";
import type { Bench } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { loadAverage, treeCpuMs, treeMemoryMib } from "./process-tree.ts";
import { startTarget } from "./target-process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CHECKS = 500;
const INTERVAL_S = 10;
const PATIENCE_MS = 120_000;
/** Until memory and code have settled. */
const WARM_UP_MS = 60_000;
const MEASURED_MS = 120_000;

export const agentBench: Bench = {
  names: ["agent"],
  about: `an agent with ${CHECKS} checks at ${INTERVAL_S} s: memory, processor time, missed checks`,
  async run({ progress }) {
    execFileSync(process.execPath, [join(ROOT, "src/cli/build/pack.ts")], { stdio: ["ignore", "ignore", "inherit"] });
    const [target, hub, folder] = await Promise.all([
      startTarget(),
      startHub({ args: ["--quiet"] }),
      temporaryFolder("agent-bench"),
    ]);
    const program = join(ROOT, "dist/package/hub.mjs");
    const args = [program, "agent", "--hub", hub.url, "--name", "bench", "--no-docker", "--state", folder.path];
    const environment = { ...process.env, HUB_KEY: await setUpAgent(hub, "bench") };
    const agent = spawn(process.execPath, args, { env: environment, stdio: ["ignore", "ignore", "inherit"] });
    const ended = once(agent, "exit");
    try {
      await register(hub, target);
      await until("not all services are up", PATIENCE_MS, async () => (await countUp(hub)) === CHECKS);
      progress(`${CHECKS} services are checked; warming up`);
      await sleep(WARM_UP_MS);
      await target.takeAnswers();
      const [cpu, began] = [treeCpuMs(agent.pid ?? 0), performance.now()];
      await sleep(MEASURED_MS);
      const elapsed = performance.now() - began;
      const used = treeCpuMs(agent.pid ?? 0) - cpu;
      const { times } = await target.takeAnswers();
      return figures({
        memory: treeMemoryMib(agent.pid ?? 0),
        cpu: (used / elapsed) * 100,
        elapsed,
        checks: times.length,
      });
    } finally {
      agent.kill();
      await ended;
      await hub.remove();
      await Promise.all([target.stop(), folder.remove()]);
    }
  },
};

interface Measured {
  memory: number;
  /** Per cent of a core. */
  cpu: number;
  /** Milliseconds. */
  elapsed: number;
  checks: number;
}

function figures({ memory, cpu, elapsed, checks }: Measured): Figure[] {
  const wanted = (CHECKS * elapsed) / (INTERVAL_S * 1_000);
  const lower = { better: "lower" as const };
  const what = `agent: ${CHECKS} checks at ${INTERVAL_S} s`;
  return [
    {
      name: `${what}, memory`,
      value: memory,
      unit: "MiB",
      limit: 100,
      ...lower,
      note: `Node ${process.versions.node}`,
    },
    { name: `${what}, of a core`, value: cpu, unit: "%", limit: 10, ...lower, note: `load average ${loadAverage()}` },
    {
      name: `${what}, of the checks that were due`,
      value: (checks / wanted) * 100,
      unit: "%",
      limit: 99,
      better: "higher",
      note: `${checks} in ${Math.round(elapsed / 1_000)} s`,
    },
  ];
}

type Hub = Awaited<ReturnType<typeof startHub>>;

async function register(hub: Hub, target: Awaited<ReturnType<typeof startTarget>>): Promise<void> {
  const headers = { "content-type": "application/json" };
  const project = await hub.fetch("/api/projects", {
    method: "POST",
    headers,
    body: JSON.stringify({ name: "bench" }),
  });
  const { id } = z.object({ id: z.int() }).parse(await project.json());
  const services = Array.from({ length: CHECKS }, (_, n) => ({
    name: `s${n}`,
    health_method: "http",
    health_url: target.url(n),
    health_interval: INTERVAL_S,
    agent: "bench",
  }));
  const init = { method: "PUT", headers, body: JSON.stringify({ services }) };
  const answer = await hub.fetch(`/api/projects/${id}/manifest`, init);
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
}

async function countUp(hub: Hub): Promise<number> {
  const answer = await hub.fetch("/api/projects/1/health");
  return z.object({ counts: z.object({ up: z.int() }) }).parse(await answer.json()).counts.up;
}
