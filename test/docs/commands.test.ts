import { describe, expect, test } from "vitest";
import { runDeploy } from "../../src/cli/deploy/run-deploy.ts";
import { START_USAGE } from "../../src/cli/start/arguments.ts";
import { COMMANDS, type Command } from "../../src/command/command-table.ts";
import { runRelay } from "../../src/relay/run-relay.ts";
import { codesIn, PAGES, read, rowsIn, section, snippets } from "./pages.ts";

const page = read("docs/commands.md");

/** The flags that the first cells of the tables name, with their dashes and without their values. */
function documentedFlags(markdown: string): string[] {
  return rowsIn(markdown)
    .flatMap(([first = ""]) => codesIn(first).map((code) => code.split(" ")[0] ?? ""))
    .filter((name) => name.startsWith("-"))
    .toSorted();
}

/** The help is the same everywhere, so no page repeats it. */
function flagsOf({ flags }: Command): string[] {
  return flags
    .filter(({ name }) => name !== "help")
    .flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])])
    .toSorted();
}

function flagsIn(usage: string): Set<string> {
  return new Set(usage.match(/(?<=[\s[])--[a-z][a-z-]+/g) ?? []);
}

describe("hub", () => {
  test("every command has a section in docs/commands.md, and no other has one", () => {
    const sections = [...page.matchAll(/^### hub (\S+)$/gm)].map(([, name = ""]) => name);
    expect(sections.toSorted()).toEqual(COMMANDS.map(({ name }) => name).toSorted());
  });

  test.each(COMMANDS.map((command) => [command.name, command] as const))(
    "the section of hub %s has the flags of the command",
    (name, command) => {
      const flags = documentedFlags(section(page, `hub ${name}`));
      if (name === "completion") expect(flags).toEqual([]);
      else expect(flags).toEqual(flagsOf(command));
    },
  );

  test("every page calls only commands and flags that exist", () => {
    const calls = PAGES.flatMap((path) => snippets(read(path)))
      .flatMap((text) => [...text.matchAll(/(?:^|[ ;&(])hub ([a-z]+)(?= |$)([^;&#)]*)/g)])
      .map(([text, name = "", rest = ""]) => ({ text, name, flags: rest.match(/(?<= )-{1,2}[a-z][a-z-]*/g) ?? [] }));
    expect(calls.length).toBeGreaterThan(20);
    const wrong = calls.filter(({ name, flags }) => {
      const command = COMMANDS.find((each) => each.name === name);
      return command === undefined || flags.some((flag) => !["--help", "-h", ...flagsOf(command)].includes(flag));
    });
    expect(wrong).toEqual([]);
  });
});

describe("npm run", () => {
  /** Takes what a program prints. */
  function listener() {
    const lines: string[] = [];
    return { lines, io: { out: (line: string) => void lines.push(line), err: () => {}, stopped: Promise.resolve() } };
  }

  test("start: the flags of docs/commands.md are those of its help", () => {
    const flags = documentedFlags(section(page, "hub start"));
    expect(new Set([...flags, "--help"])).toEqual(flagsIn(START_USAGE));
  });

  test("deploy: the flags of docs/deploying.md are those of its help", async () => {
    const { lines, io } = listener();
    const unused = () => {
      throw new Error("the help needs nothing");
    };
    await runDeploy(["--help"], { ...io, root: "", environment: {}, wrangler: unused, interruption: unused });
    const flags = documentedFlags(section(read("docs/deploying.md"), "Flags"));
    expect(new Set(flags)).toEqual(flagsIn(lines.join("\n")));
  });

  test("relay: the flags of docs/nats.md are those of its help", async () => {
    const { lines, io } = listener();
    await runRelay(["--help"], io);
    const flags = documentedFlags(section(read("docs/nats.md"), "The relay command"));
    expect(new Set(flags)).toEqual(flagsIn(lines.join("\n")));
  });
});
