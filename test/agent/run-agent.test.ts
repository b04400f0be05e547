import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAgentFile } from "../../src/agent/agent-settings.ts";
import { runAgent } from "../../src/agent/run-agent.ts";
import { lockFolder } from "../../src/node/folder-lock.ts";
import { systemClock } from "../../src/node/system-clock.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "run-agent-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(argv: string[], environment: Record<string, string> = { HUB_KEY: "hub_key" }) {
  const [out, err]: [string[], string[]] = [[], []];
  const io = { environment, out: (line: string) => void out.push(line), err: (line: string) => void err.push(line) };
  const code = await runAgent(argv, { ...io, clock: systemClock, stopped: Promise.resolve() });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

test("--help prints the usage and is no failure", async () => {
  const { code, out, err } = await run(["--help"]);
  expect([code, err]).toEqual([0, ""]);
  expect(out).toMatch(/^Usage: hub agent/);
});

test.each<[string, string[], Record<string, string> | undefined, RegExp]>([
  ["no hub is given", [], undefined, /^--hub: expected the http\(s\) URL/],
  ["the hub is no URL", ["--hub", "ftp://hub"], undefined, /^--hub:/],
  ["there is no key", ["--hub", "http://hub"], {}, /^HUB_KEY: expected the key/],
  ["the name can't be one", ["--hub", "http://hub", "--name", "A b"], undefined, /^--name: .* not "A b"/],
  ["a flag is unknown", ["--speed"], undefined, /--speed/],
  [
    "the configuration is not there",
    ["--hub", "http://hub", "--name", "a", "--config", "/no/file"],
    undefined,
    /ENOENT/,
  ],
])("is refused when %s", async (_, argv, environment, words) => {
  const { code, err } = await run(argv, environment);
  expect(code).toBe(2);
  expect(err).toMatch(words);
  expect(err).toContain("Usage: hub agent");
  expect(err).not.toContain("hub_key");
});

test("a wrong configuration is told with each wrong field", () => {
  expect(() => parseAgentFile("commands: [", "a.yaml")).toThrow(/^a.yaml is no YAML/);
  const wrong = "commands:\n  disk: {run: [], shell: true}\n  Bad Name: {run: [x]}\nmore: 1\n";
  expect(() => parseAgentFile(wrong, "a.yaml")).toThrow(/commands\.disk\.run[\s\S]*commands\.disk\.shell[\s\S]*more/);
  expect(parseAgentFile("", "a.yaml")).toEqual({ commands: {} });
  expect(parseAgentFile("commands:\n  disk:\n    run: [df, -h]\n", "a.yaml")).toEqual({
    commands: { disk: { run: ["df", "-h"] } },
  });
});

test("a hub that is not there is no reason to end; a second agent on the same folder is", async () => {
  const state = join(folder, "state");
  const argv = ["--hub", "http://127.0.0.1:9", "--name", "a", "--state", state];
  const first = await run(argv);
  expect([first.code, first.err]).toEqual([0, ""]);
  expect(first.out).toContain("going on with the 0 checks of before");
  const release = lockFolder(state);
  const second = await run(argv);
  release();
  expect([second.code, second.err]).toEqual([1, expect.stringContaining("another one is running on")]);
});
