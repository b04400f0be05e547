import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Commands } from "../../src/agent/agent-settings.ts";
import { runExec } from "../../src/agent/exec.ts";
import { systemClock } from "../../src/node/system-clock.ts";
import { Lateness } from "../../src/probes/lateness.ts";
import { aCheck } from "../core/fixtures.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "exec-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const sh = (script: string, timeout?: number): Commands => ({
  it: { run: ["sh", "-c", script], ...(timeout === undefined ? {} : { timeout }) },
});
const run = (commands: Commands, command = "it", health_timeout = 5) =>
  runExec(aCheck({ health_method: "exec", health_timeout, health_options: { command } }), {
    commands,
    vantage: "agent:dc-1",
    now: Date.now,
    lateness: new Lateness(systemClock),
  });

describe("a command", () => {
  test("is judged by its exit code, and its first line is kept", async () => {
    expect(await run(sh("echo fine; exit 0"))).toMatchObject({ verdict: "ok", error: null, vantage: "agent:dc-1" });
    expect(await run(sh("echo 'LOAD high|load=9'; exit 2"))).toMatchObject({
      verdict: "fail",
      error: "exec: LOAD high",
      details: { load: 9, output: "LOAD high" },
    });
    expect(await run(sh("echo broken >&2; exit 3"))).toMatchObject({ verdict: "unprobeable", error: "exec: broken" });
  });

  test("that is not in the agent's configuration is not run, whatever it is called", async () => {
    for (const name of ["rm", "/bin/sh", "../it", "__proto__", "constructor", ""]) {
      const { verdict, error } = await run(sh("exit 0"), name);
      expect([verdict, error]).toEqual([
        "unprobeable",
        `exec: this agent has no command named ${JSON.stringify(name)}`,
      ]);
    }
  });

  test("gets the agent's environment, without the agent's own key and secrets", async () => {
    const own = ["HUB_KEY", "HUB_ANYTHING", "PROBE_SECRET_DB", "Probe_Secret_Other"];
    for (const name of own) vi.stubEnv(name, "told-to-the-agent");
    vi.stubEnv("OF_THE_SITE", "told");
    const { details } = await run(sh("env | grep =told | sort | tr '\\n' ' '"));
    vi.unstubAllEnvs();
    expect(details.output).toBe("OF_THE_SITE=told");
  });

  test("that hangs is ended with everything that it started", async () => {
    const found = await run(sh(`sleep 77 & echo $! > "${join(folder, "pid")}"; wait`, 0.5));
    expect(found).toMatchObject({ verdict: "fail", error: "exec: timeout after 0.5 s" });
    const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  test("that can't be found, or dies, is told so", async () => {
    expect(await run({ it: { run: ["/no/such/plugin"] } })).toMatchObject({
      verdict: "unprobeable",
      error: expect.stringContaining("ENOENT"),
    });
    expect(await run(sh("kill -9 $$"))).toMatchObject({ verdict: "fail", error: "exec: ended by SIGKILL" });
  });

  test("that prints without end does not fill the memory", async () => {
    const found = await run(sh("head -c 20000000 /dev/zero | tr '\\0' x; exit 0"));
    expect(found.verdict).toBe("ok");
    expect(String(found.details.output).length).toBe(200);
  });
});

/** A process that nobody has waited for yet is dead, too. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

describe("a command that can't be run, or leaves something behind", () => {
  test("is told, whatever Node makes of it", async () => {
    for (const program of [["echo", "a\0b"], [""], ["echo", "x".repeat(3_000_000)], ["/etc/passwd/x"]]) {
      expect(await run({ it: { run: program } })).toMatchObject({ verdict: "unprobeable" });
    }
  });

  test("is judged when it has ended, though what it left holds its output", async () => {
    const began = Date.now();
    expect(await run(sh("sleep 30 & echo $! > /dev/null; echo fine"))).toMatchObject({ verdict: "ok" });
    expect(await run(sh("setsid sleep 30 & echo fine"))).toMatchObject({ verdict: "ok", details: { output: "fine" } });
    expect(Date.now() - began).toBeLessThan(30_000);
  });
});
