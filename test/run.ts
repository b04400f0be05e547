/** `npm test`: installs the servers that the tests talk to when they are missing, runs every test, counts coverage. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ensureServers } from "./servers/ensure.ts";

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
}

const root = fileURLToPath(new URL("..", import.meta.url));
const report = `${root}coverage/report.json`;

ensureServers();
mkdirSync(`${root}coverage`, { recursive: true });
mkdirSync(`${root}dist/assets`, { recursive: true });
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
const vitest = ["run", "--config", "test/vitest.config.ts", "--coverage", ...reporters, ...process.argv.slice(2)];
const run = spawnSync("vitest", vitest, { cwd: root, stdio: "inherit" });
if (existsSync(report)) {
  const counts: Report = JSON.parse(readFileSync(report, "utf8"));
  console.log(`${counts.numPassedTests} passed, ${counts.numFailedTests} failed, ${counts.numPendingTests} skipped`);
}
process.exit(run.status ?? 1);
