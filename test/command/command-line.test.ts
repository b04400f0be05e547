import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AGENT_USAGE } from "../../src/agent/run-agent.ts";
import { START_USAGE } from "../../src/cli/start/arguments.ts";
import { COMMANDS } from "../../src/command/command-table.ts";
import { bashCompletion, zshCompletion } from "../../src/command/completion.ts";
import { parseConfiguration, readConfiguration } from "../../src/command/config-file.ts";
import { hub } from "./fake-hub.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hub-command-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("--help lists every command, and each command has a help of its own", async () => {
  const general = await hub(["--help"]);
  expect(general.code).toBe(0);
  for (const { name, summary, isProgram } of COMMANDS) {
    expect(general.out).toContain(`${name.padEnd(10)}  ${summary}`);
    if (!isProgram) expect(await hub([name, "--help"])).toMatchObject({ code: 0, err: "" });
  }
  expect((await hub(["--version"])).out).toMatch(/^\d+\.\d+\.\d+$/);
});

test.each<[string, string[], number, RegExp]>([
  ["there is no command", [], 2, /^Usage: hub COMMAND/],
  ["the command is unknown", ["fly"], 2, /no command "fly"[\s\S]*Usage: hub COMMAND/],
  ["a flag is unknown", ["services", "--speed"], 2, /--speed[\s\S]*Usage: hub services/],
  ["a status is unknown", ["services", "--status", "sick"], 2, /--status: expected unknown, up, degraded, down/],
  ["no hub is given", ["services"], 2, /which hub\?/],
  ["the URL has a password", ["services", "--hub", "http://me:secret@hub"], 2, /without a user or a password/],
  ["the configuration is missing", ["services", "--config", "/no/file"], 2, /there is no file/],
  ["apply has no file", ["apply"], 64, /expected FILE/],
  ["apply has an unknown flag", ["apply", "f", "--fast"], 64, /--fast/],
  ["the shell is unknown", ["completion", "fish"], 2, /SHELL: expected bash, zsh/],
])("a command line is refused when %s", async (_, argv, code, words) => {
  const result = await hub(argv);
  expect([result.code, result.out]).toEqual([code, ""]);
  expect(result.err).toMatch(words);
  expect(result.err).not.toContain("secret");
});

test("a key that no header can carry is refused and never shown", async () => {
  const environment = { HUB_URL: "http://127.0.0.1", HUB_KEY: "hidden\nkey" };
  const { code, err } = await hub(["services"], { environment });
  expect(code).toBe(2);
  expect(err).not.toContain("hidden");
});

test("a hub that is not there is told with the reason", async () => {
  const { code, err } = await hub(["services", "--hub", "http://127.0.0.1:1"]);
  expect(code).toBe(1);
  expect(err).toMatch(/^the hub does not answer \(.+\); is the URL right/);
});

test("hub start outside of a checkout says how to go on", async () => {
  const { code, err } = await hub(["start", "--port", "0"]);
  expect(code).toBe(1);
  expect(err).toContain("npm ci && npm start");
});

test("hub agent gets its own arguments", async () => {
  expect((await hub(["agent", "--help"])).out).toMatch(/^Usage: hub agent/);
});

test("a configuration has a hub and a key, and its errors never show a value", () => {
  expect(parseConfiguration("hub: http://h\nkey: k\n", "c")).toEqual({ hub: "http://h", key: "k" });
  expect(parseConfiguration("", "c")).toEqual({});
  expect(() => parseConfiguration("key: [secret", "c")).toThrow(/^c is not YAML$/);
  expect(() => parseConfiguration("key: [secret]", "c")).toThrow(/^c: key: expected a text$/);
  expect(() => parseConfiguration("token: secret", "c")).toThrow(/^c: expected only hub: and key:, not token:$/);
  expect(() => parseConfiguration("- secret", "c")).toThrow(/^c: expected hub: and key:$/);
});

test("a configuration with a key that others can read causes a warning", () => {
  const file = join(folder, "config.yaml");
  writeFileSync(file, "hub: http://h\nkey: secret\n");
  chmodSync(file, 0o644);
  expect(readConfiguration(file).warnings).toEqual([expect.stringContaining(`chmod 600 ${file}`)]);
  chmodSync(file, 0o600);
  expect(readConfiguration(file).warnings).toEqual([]);
  writeFileSync(file, "hub: http://h\n", { mode: 0o644 });
  expect(readConfiguration(file).warnings).toEqual([]);
});

test("bash completes commands, flags and the values of flags", () => {
  const complete = (...words: string[]) => {
    const line = words.map((word) => JSON.stringify(word)).join(" ");
    const script = `${bashCompletion()}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _hub; echo "\${COMPREPLY[@]}"`;
    return execFileSync("bash", ["-c", script], { encoding: "utf8" }).trim();
  };
  expect(complete("hub", "s")).toBe("services start");
  expect(complete("hub", "apply", "--d")).toBe("--dry-run");
  expect(complete("hub", "services", "--status", "d")).toBe("degraded down");
  expect(complete("hub", "completion", "")).toBe("bash zsh");
});

test("the completion of zsh has every command and every flag", () => {
  const script = zshCompletion();
  for (const { name, flags } of COMMANDS) {
    expect(script).toContain(`    ${name}) _arguments`);
    for (const flag of flags) expect(script).toContain(`--${flag.name}[`);
  }
});

test.each([
  ["agent", AGENT_USAGE],
  ["start", START_USAGE],
])("the flags of hub %s that are completed are those that its own help names", (name, usage) => {
  const command = COMMANDS.find((each) => each.name === name);
  const named = [...usage.matchAll(/^ +--([a-z-]+)/gm)].map(([, flag = ""]) => flag).sort();
  expect(command?.flags.map((flag) => flag.name).sort()).toEqual(named);
});
