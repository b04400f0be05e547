import { describe, expect, test } from "vitest";
import { parseStartArguments, UsageError } from "../../src/cli/arguments.ts";

describe("the command line of npm start", () => {
  test("without arguments the hub listens on this machine's port 8787 and keeps its data in .hub", () => {
    expect(parseStartArguments([])).toEqual({
      port: 8787,
      host: "127.0.0.1",
      state: ".hub",
      vars: new Map(),
      varFiles: [],
      quiet: false,
      help: false,
    });
  });

  test("every flag is heard, with = or a space before its value", () => {
    const argv = [
      "--port=0",
      "--host",
      "0.0.0.0",
      "--state",
      "/data",
      "--quiet",
      "-h",
      "--var",
      "HUB_ID=a",
      "--var=X=b=c\nd",
      "--var-file=a",
      "--var-file",
      "b",
    ];
    expect(parseStartArguments(argv)).toEqual({
      port: 0,
      host: "0.0.0.0",
      state: "/data",
      vars: new Map([
        ["HUB_ID", "a"],
        ["X", "b=c\nd"],
      ]),
      varFiles: ["a", "b"],
      quiet: true,
      help: true,
    });
  });

  test.each([
    [["--nope"], "--nope"],
    [["start"], "start"],
    [["--port"], "--port"],
    [["--port", "65536"], "--port: expected a number from 0 to 65535"],
    [["--port", "80x"], "--port: expected a number"],
    [["--port", ""], "--port: expected a number"],
    [["--state", ""], "--state: expected a folder"],
    [["--host", ""], "--host: expected an address"],
    [["--var", "hub_id=a"], "--var: expected NAME=VALUE"],
    [["--var", "HUB_ID"], "--var: expected NAME=VALUE"],
  ])("%j is refused with what was expected", (argv, message) => {
    expect(() => parseStartArguments(argv)).toThrow(UsageError);
    expect(() => parseStartArguments(argv)).toThrow(message);
  });

  test("a value, which may be a secret, is not repeated in an error", () => {
    expect(() => parseStartArguments(["--var", "token=hush-hush"])).toThrow(/^(?!.*hush)/);
  });
});
