import { existsSync } from "node:fs";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runStart } from "../../src/cli/start/run-start.ts";
import { systemClock } from "../../src/node/system-clock.ts";
import { temporaryFolder } from "../servers/child-process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Wrangler takes a second to load, and more while other tests run. */
const LIMIT_MS = 300_000;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeEach(async () => {
  folder = await temporaryFolder("start");
});
afterEach(() => folder.remove());

async function start(argv: string[], { root = ROOT, environment = {} }: { root?: string; environment?: object } = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runStart(["--state", join(folder.path, "state"), "--port", "0", ...argv], {
    clock: systemClock,
    environment: { ...environment },
    root,
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    stopped: Promise.resolve(),
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

describe("npm start before a hub runs", { timeout: LIMIT_MS }, () => {
  test("--help shows the usage", async () => {
    expect(await start(["--help"])).toEqual({ code: 0, out: expect.stringContaining("--state DIR"), err: "" });
  });

  test.each([
    [["--nope"], {}, "--nope"],
    [["--var", "HUB_IDD=a"], {}, "did you mean HUB_ID?"],
    [["--var", "NATS_URL=nats://relay:4222"], {}, "NATS_URL: expected a ws:// or wss:// URL"],
    [[], { RAW_RETENTION_HOURS: "many" }, "RAW_RETENTION_HOURS: expected a number of hours"],
  ])("%j with %j in the environment is refused with the usage and code 2", async (argv, environment, message) => {
    const { code, out, err } = await start(argv, { environment });
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(message);
    expect(err).toContain("Usage: npm start");
  });

  test("a Worker that does not build is refused with the place of the error, and no database is made", async () => {
    const root = join(folder.path, "checkout");
    await mkdir(join(root, "src/worker"), { recursive: true });
    await mkdir(join(root, "migrations"));
    await cp(join(ROOT, "wrangler.toml"), join(root, "wrangler.toml"));
    await writeFile(join(root, "src/worker/index.ts"), "export default {");
    for (const attempt of [1, 2]) {
      const { code, err } = await start([], { root });
      expect({ attempt, code, err }).toEqual({
        attempt,
        code: 1,
        err: expect.stringContaining("src/worker/index.ts:1:16: ERROR"),
      });
      expect(existsSync(join(folder.path, "state/v3"))).toBe(false);
    }
  });
});
