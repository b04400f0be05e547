/** `npm test`: installs the servers that the tests talk to when they are missing, runs every test, counts coverage. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ensureServers } from "./servers/ensure.ts";

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
}

const root = fileURLToPath(new URL("..", import.meta.url));
const report = `${root}coverage/report.json`;
const given = process.argv.slice(2);
/** Whoever asks for some of the tests doesn't ask whether they cover everything. */
const isPart = given.some((arg) => !arg.startsWith("-") || /^(--project|--testNamePattern|-t)\b/.test(arg));

ensureServers();
mkdirSync(`${root}coverage`, { recursive: true });
mkdirSync(`${root}dist/assets`, { recursive: true });
rmSync(report, { force: true });
rmSync(`${root}dist/builds`, { recursive: true, force: true }); // the tests begin with a start that builds
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
const coverage = isPart ? [] : ["--coverage"];
const vitest = ["run", "--config", "test/vitest.config.ts", ...coverage, ...reporters, ...given];
const program = `${root}node_modules/vitest/vitest.mjs`;
/** Some sixty hubs start; what Node compiled for the first is there for the others. */
const env = { ...process.env, NODE_COMPILE_CACHE: `${root}dist/compile-cache` };
const run = spawnSync(process.execPath, [program, ...vitest], { cwd: root, stdio: "inherit", env });
if (existsSync(report)) {
  const counts: Report = JSON.parse(readFileSync(report, "utf8"));
  const skipped = counts.numPendingTests === 0 ? "" : `, ${counts.numPendingTests} skipped`;
  console.log(`${counts.numPassedTests} passed, ${counts.numFailedTests} failed${skipped}`);
}
process.exit(run.status ?? 1);
