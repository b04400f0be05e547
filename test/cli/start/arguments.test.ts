import { describe, expect, test } from "vitest";
import { parseStartArguments } from "../../../src/cli/start/arguments.ts";
import { reachableName } from "../../../src/cli/start/run-start.ts";
import { UsageError } from "../../../src/node/command-line.ts";

describe("the command line of npm start", () => {
  test("without arguments the hub listens on this machine's port 8787 and keeps its data in .hub", () => {
    expect(parseStartArguments([])).toEqual({
      port: 8787,
      host: "127.0.0.1",
      state: ".hub",
      vars: new Map(),
      varFiles: [],
      restore: null,
      quiet: false,
      help: false,
    });
  });

  test("HOST and PORT count, unless a flag says otherwise or they are empty", () => {
    const listens = (argv: string[], environment: Record<string, string>) => {
      const { host, port } = parseStartArguments(argv, environment);
      return `${host} ${port}`;
    };
    expect(listens([], { HOST: "10.0.0.7", PORT: "9000" })).toBe("10.0.0.7 9000");
    expect(listens(["--port", "1", "--host", "::1"], { HOST: "10.0.0.7", PORT: "9000" })).toBe("::1 1");
    expect(listens([], { HOST: "", PORT: "" })).toBe("127.0.0.1 8787");
    expect(() => listens([], { PORT: "http" })).toThrow('PORT: expected a number from 0 to 65535, not "http"');
  });

  test.each([
    ["127.0.0.1", "localhost"],
    ["0.0.0.0", "localhost"],
    ["::", "localhost"],
    ["::1", "[::1]"],
    ["10.0.0.7", "10.0.0.7"],
    ["hub.internal", "hub.internal"],
  ])("a hub that listens on %s answers as %s", (host, name) => {
    expect(reachableName(host)).toBe(name);
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
      "--restore=hub.db",
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
      restore: "hub.db",
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
    [["--restore", ""], "--restore: expected a file"],
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
