/** `npm run bench`: measures a hub that really runs, and says whether it keeps within its limits. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { agentBench } from "./agent.ts";
import type { Bench } from "./bench.ts";
import { besideBench } from "./beside.ts";
import { billBench } from "./bill.ts";
import { chaosBench } from "./chaos.ts";
import { crashBench } from "./crash.ts";
import { dashboardBench } from "./dashboard.ts";
import { deadRegionBench } from "./dead-region.ts";
import { federationBench } from "./federation.ts";
import { federationBillBench } from "./federation-bill.ts";
import type { Figure } from "./figure.ts";
import { fuzzBench } from "./fuzz.ts";
import { heartbeatBillBench } from "./heartbeat-bill.ts";
import { historyBench } from "./history.ts";
import { natsBench } from "./nats.ts";
import { loadAverage } from "./process-tree.ts";
import { scaleBench } from "./scale.ts";
import { simulationBench } from "./simulation.ts";
import { sizeBench } from "./size.ts";
import { soakBench } from "./soak.ts";
import { socketsBench } from "./sockets.ts";
import { steadyBench } from "./steady.ts";
import { storageBench } from "./storage.ts";
import { isWithin, tableOf } from "./table.ts";
import { yearBench } from "./year.ts";

const BENCHES: readonly Bench[] = [
  simulationBench,
  deadRegionBench,
  fuzzBench,
  historyBench,
  yearBench,
  sizeBench,
  storageBench,
  steadyBench,
  scaleBench,
  crashBench,
  chaosBench,
  soakBench,
  besideBench,
  socketsBench,
  billBench,
  heartbeatBillBench,
  natsBench,
  federationBench,
  federationBillBench,
  agentBench,
  dashboardBench,
];
const REPORT = fileURLToPath(new URL("../../dist/bench.json", import.meta.url));

const NAMES = BENCHES.flatMap(({ names }) => names);
const USAGE = `Usage: npm run bench -- [name …]

Runs all benchmarks, or those named, prints a table and writes dist/bench.json.
Exit code 1: a limit is broken. 2: a name is unknown.

${BENCHES.map(({ names, about }) => `  ${names.join(", ").padEnd(22)} ${about}`).join("\n")}`;

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(USAGE);
    return 0;
  }
  const unknown = args.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) {
    console.error(`no benchmark is called ${unknown.join(", ")}\n\n${USAGE}`);
    return 2;
  }
  const started = Date.now();
  const figures: Figure[] = [];
  for (const bench of BENCHES) figures.push(...(await measure(bench, args)));
  const seconds = Math.round((Date.now() - started) / 1_000);
  mkdirSync(fileURLToPath(new URL("../../dist", import.meta.url)), { recursive: true });
  const machine = { cpus: cpus().length, model: cpus()[0]?.model ?? "", load_average: loadAverage() };
  writeFileSync(REPORT, `${JSON.stringify({ at: new Date(), seconds, machine, figures }, null, 2)}\n`);
  console.log(`\n${tableOf(figures)}\n\n${machine.cpus} × ${machine.model}; ${seconds} s; written to dist/bench.json`);
  return figures.every(isWithin) ? 0 : 1;
}

/** A benchmark that broke down is a broken limit, and the others go on. */
async function measure(bench: Bench, args: readonly string[]): Promise<Figure[]> {
  const wanted = (name: string) => args.length === 0 || args.includes(name);
  const names = bench.names.filter(wanted);
  if (names.length === 0) return [];
  const started = Date.now();
  const progress = (line: string) =>
    console.error(`[${names.join(", ")}] ${Math.round((Date.now() - started) / 1_000)} s: ${line}`);
  try {
    return await bench.run({ wanted, progress });
  } catch (error) {
    progress(String(error));
    const note = error instanceof Error ? error.message : String(error);
    return names.map((name) => ({ name, value: Number.NaN, unit: "", limit: 0, better: "lower", note }));
  }
}

process.exit(await main(process.argv.slice(2)));
