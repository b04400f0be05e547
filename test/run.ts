/**
 * `npm test`: installs the servers that the tests talk to when they are missing, runs every test, counts coverage. Some
 * tests measure time while others keep the machine busy. So the files of the few that failed run once more, alone; who
 * fails again has failed, and who does not is named.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { COVERAGE_LIMITS } from "./coverage-limits.ts";
import { ensureServers } from "./servers/ensure.ts";

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: { name: string; status: string; assertionResults: { status: string; fullName: string }[] }[];
}

interface CoverageSummary {
  total: Record<keyof typeof COVERAGE_LIMITS, { pct: number }>;
}

/** When more files fail, it is not for want of time. */
const MOST_TRIED_AGAIN = 3;

const root = fileURLToPath(new URL("..", import.meta.url));
const given = process.argv.slice(2);
/** Whoever asks for some of the tests doesn't ask whether they cover everything. */
const isPart = given.some((arg) => !arg.startsWith("-") || /^(--project|--testNamePattern|-t)\b/.test(arg));
/** Some sixty hubs start; what Node compiled for the first is there for the others. */
const env = { ...process.env, NODE_COMPILE_CACHE: `${root}dist/compile-cache` };

/** Returns the exit code, and what was found; null: the run ended before. */
function runTests(name: string, args: readonly string[]): { code: number; report: Report | null } {
  const file = `${root}coverage/${name}.json`;
  rmSync(file, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const vitest = ["run", "--config", "test/vitest.config.ts", ...reporters, ...args];
  const program = `${root}node_modules/vitest/vitest.mjs`;
  const { status } = spawnSync(process.execPath, [program, ...vitest], { cwd: root, stdio: "inherit", env });
  const report: Report | null = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
  if (report !== null) {
    const skipped = report.numPendingTests === 0 ? "" : `, ${report.numPendingTests} skipped`;
    console.log(`${report.numPassedTests} passed, ${report.numFailedTests} failed${skipped}`);
  }
  return { code: status ?? 1, report };
}

function isCovered(): boolean {
  const file = `${root}coverage/coverage-summary.json`;
  if (!existsSync(file)) return false;
  const { total }: CoverageSummary = JSON.parse(readFileSync(file, "utf8"));
  return total.lines.pct >= COVERAGE_LIMITS.lines && total.branches.pct >= COVERAGE_LIMITS.branches;
}

function runAll(): number {
  rmSync(`${root}coverage/coverage-summary.json`, { force: true });
  const { code, report } = runTests("report", ["--coverage", ...given]);
  const files = report?.testResults.filter(({ status }) => status === "failed") ?? [];
  if (files.length === 0 || files.length > MOST_TRIED_AGAIN || !isCovered()) return code;
  console.log("\nWhat failed runs once more, alone.");
  const again = runTests("again", ["--maxWorkers=1", ...given, ...files.map(({ name }) => name)]);
  if (again.code !== 0) return again.code;
  const failed = files.flatMap(({ assertionResults }) => assertionResults.filter(({ status }) => status === "failed"));
  for (const { fullName } of failed) console.log(`failed beside the others, passed alone: ${fullName}`);
  return 0;
}

ensureServers();
mkdirSync(`${root}coverage`, { recursive: true });
mkdirSync(`${root}dist/assets`, { recursive: true });
rmSync(`${root}dist/builds`, { recursive: true, force: true }); // the tests begin with a start that builds
process.exit(isPart ? runTests("report", given).code : runAll());
