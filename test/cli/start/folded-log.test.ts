import { expect, test } from "vitest";
import { foldedLog } from "../../../src/cli/start/folded-log.ts";

const failed = (line: number, id: string) => `e = sqlite.c++:${line}: failed: x\nstack: /w@${id} /w@1; wdErrId = ${id}`;

test("lines of the runtime that differ only in numbers and references are shown once in ten minutes, then with their number", () => {
  const lines: string[] = [];
  let now = 0;
  const log = foldedLog(
    (line) => lines.push(line),
    () => now,
  );
  for (; now < 600_000; now += 60_000) log(failed(1757, `3bd3cfb${now}`));
  log("another line");
  expect(lines).toEqual([failed(1757, "3bd3cfb0"), "another line"]);
  log(failed(1757, "ff"));
  expect(lines.slice(2)).toEqual([`${failed(1757, "ff")}\n(9 more lines like this one since it was last shown)`]);
});

test("what is wrong with a database is said in plain words, too", () => {
  const lines: string[] = [];
  foldedLog(
    (line) => lines.push(line),
    () => 0,
  )("e = sqlite.c++:1: SQLITE_CORRUPT");
  expect(lines).toEqual(["the database is damaged. The runtime says:\ne = sqlite.c++:1: SQLITE_CORRUPT"]);
});

test("the hub's own lines pass", () => {
  const lines: string[] = [];
  const log = foldedLog(
    (line) => lines.push(line),
    () => 0,
  );
  for (let times = 0; times < 3; times++) log('{"event":"plan.done"}');
  expect(lines).toHaveLength(3);
});

test("kinds that are long gone are forgotten", () => {
  const lines: string[] = [];
  const log = foldedLog(
    (line) => lines.push(line),
    () => 0,
  );
  log("first");
  for (let kind = 0; kind < 200; kind++) log("x".repeat(kind + 1));
  log("first");
  expect(lines.filter((line) => line === "first")).toHaveLength(2);
});
