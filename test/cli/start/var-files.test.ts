import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readVarFiles, warningsOf } from "../../../src/cli/start/var-files.ts";
import { UsageError } from "../../../src/node/command-line.ts";
import { temporaryFolder } from "../../servers/child-process.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder("var-files");
});
afterEach(() => folder.remove());

function file(name: string, text: string, mode = 0o600): string {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

describe("a file with settings", () => {
  test("has a line for each, which may hold anything; a later file wins", () => {
    const one = file("one", "# secrets\r\nFEDERATION_TOKEN=a=b #c \r\n\n  HUB_ID=x\nNATS_TOKEN=\n");
    const two = file("two", "HUB_ID=y", 0o640);
    expect([...readVarFiles([one, two])]).toEqual([
      ["FEDERATION_TOKEN", "a=b #c "],
      ["HUB_ID", "y"],
      ["NATS_TOKEN", ""],
    ]);
  });

  test.each([0o644, 0o604, 0o660, 0o606, 0o602])("that others can read or change is refused (mode %o)", (mode) => {
    const path = file("open", "HUB_ID=hush", mode);
    expect(() => readVarFiles([path])).toThrow(UsageError);
    expect(() => readVarFiles([path])).toThrow(`chmod 600 ${path}`);
  });

  test("that is not there, or has a line that is no setting, is refused without its values", () => {
    expect(() => readVarFiles([join(folder.path, "none")])).toThrow(/^--var-file .*none: ENOENT/);
    const wrong = file("wrong", "HUB_ID=x\ntoken hush-hush\n");
    expect(() => readVarFiles([wrong])).toThrow(/^--var-file .*wrong: line 2: expected NAME=VALUE$/);
  });
});

test("each secret of the command line is warned of, without its value", () => {
  const secrets = [
    "FEDERATION_TOKEN",
    "HUB_ADMIN_TOKEN",
    "NATS_PASSWORD",
    "NATS_TOKEN",
    "NATS_CREDS",
    "PROBE_SECRET_X",
  ];
  const others = ["HUB_ID", "FEDERATION_PEERS", "PROBE_SECRET_X_HOSTS", "NATS_USER"];
  const flags = new Map([...secrets, ...others].map((name) => [name, "hush"]));
  const lines = warningsOf(flags);
  expect(lines.map((line) => /^--var (\w+): /.exec(line)?.[1])).toEqual(secrets);
  expect(lines.join()).not.toContain("hush");
  expect(warningsOf(new Map([["NATS_URL", "wss://me:hush@relay.example"]]))).toHaveLength(1);
  expect(warningsOf(new Map([["NATS_URL", "wss://relay.example/a@b"]]))).toEqual([]);
});
