/**
 * `npm test` and `npm run test:long`: install the servers that the tests talk to when they are missing, run the tests,
 * and tell how long the slowest files took. `npm test -- --coverage` runs both and counts what they
 * cover. In CI, a single file
 * that failed runs once more, alone: a machine can fail, too. The last lines then name what passed only then.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { COVERAGE_LIMITS } from "./coverage-limits.ts";
import { ensureServers } from "./servers/ensure.ts";
import { isPart, type Report, slowestFiles, totals, worthARerun } from "./test-report.ts";

interface CoverageSummary {
  total: Record<keyof typeof COVERAGE_LIMITS, { pct: number }>;
}

const PROJECTS = ["unit", "unit-slow", "runtime", "in-node", "system", "browser", "stopwatch"];
const LONG = ["long"];

const root = fileURLToPath(new URL("..", import.meta.url));
const [isLong, given] = process.argv[2] === "long" ? [true, process.argv.slice(3)] : [false, process.argv.slice(2)];
/** Many hubs start; what Node compiled for the first is there for the others. */
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
  return { code: status ?? 1, report };
}

/** What is covered is counted over all tests, the long ones too. */
function projectsOf(): string[] {
  if (isLong) return LONG;
  return given.includes("--coverage") ? [...PROJECTS, ...LONG] : PROJECTS;
}

/** A run that fails does not say whether enough is covered. */
function isCovered(): boolean {
  const file = `${root}coverage/coverage-summary.json`;
  if (!existsSync(file)) return false;
  const { total }: CoverageSummary = JSON.parse(readFileSync(file, "utf8"));
  return total.lines.pct >= COVERAGE_LIMITS.lines && total.branches.pct >= COVERAGE_LIMITS.branches;
}

function runAll(): number {
  rmSync(`${root}coverage/coverage-summary.json`, { force: true });
  const began = performance.now();
  const named = given.some((arg) => arg.startsWith("--project"));
  const projects = named ? [] : projectsOf().map((project) => `--project=${project}`);
  const { code, report } = runTests("report", [...projects, ...given]);
  const [failed] = process.env.CI === undefined || isPart(given) || report === null ? [] : worthARerun(report);
  const again = failed === undefined ? null : runTests("again", ["--maxWorkers=1", ...projects, failed.name]);
  if (report !== null) {
    const seconds = Math.round((performance.now() - began) / 1_000);
    console.log(`\nThe slowest files of ${seconds} s in all:`);
    for (const { name, ms } of slowestFiles(report)) {
      console.log(`${(ms / 1_000).toFixed(1).padStart(7)} s  ${relative(root, name)}`);
    }
    console.log(totals(report));
  }
  if (failed === undefined || again === null) return code;
  console.log(
    `${relative(root, failed.name)} failed beside the others and ${again.code === 0 ? "passed" : "failed"} alone:`,
  );
  for (const { status, fullName } of failed.assertionResults) if (status === "failed") console.log(`  ${fullName}`);
  return again.code === 0 && given.includes("--coverage") && !isCovered() ? 1 : again.code;
}

ensureServers();
mkdirSync(`${root}coverage`, { recursive: true });
mkdirSync(`${root}dist/assets`, { recursive: true });
process.exit(runAll());
