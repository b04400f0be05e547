import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Spool } from "../../src/agent/spool.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spool-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (maxBytes = 1e9, fileBytes = 60) => new Spool<number>({ folder, maxBytes, fileBytes });
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, k) => from + k);

function drain(spool: Spool<number>, limit = 7): number[] {
  const all: number[] = [];
  for (;;) {
    const items = spool.peek(limit);
    if (items.length === 0) return all;
    all.push(...items);
    spool.drop(items.length);
  }
}

test("gives back what it was given, in order, and leaves no file behind", () => {
  const spool = open();
  for (const n of numbers(0, 100)) spool.add([n]);
  expect(readdirSync(folder).length).toBeGreaterThan(4);
  expect(spool.waiting).toBe(100);
  expect(drain(spool)).toEqual(numbers(0, 100));
  expect([spool.waiting, readdirSync(folder)]).toEqual([0, ["position.json"]]);
});

test("keeps what was not dropped when the program ends, and repeats nothing that was", () => {
  const first = open();
  first.add(numbers(0, 50));
  first.add(numbers(50, 90));
  first.drop(first.peek(20).length);
  const second = open();
  expect(second.waiting).toBe(70);
  second.add([90]);
  expect(drain(second)).toEqual(numbers(20, 91));
});

test("what a full disk does not take is dropped and said; what was there stays, and it goes on with room", () => {
  const spool = open();
  spool.add(numbers(0, 50)); // the first file is full
  symlinkSync("/dev/full", join(folder, "00000002.jsonl"));
  expect(() => spool.add([50, 51])).toThrow("ENOSPC");
  expect([spool.waiting, spool.dropped]).toEqual([50, 2]);
  rmSync(join(folder, "00000002.jsonl"));
  spool.add([52]);
  expect(drain(spool)).toEqual([...numbers(0, 50), 52]);
  expect(open().dropped).toBe(2);
});

test("behaves like a list, whatever comes in which order", () => {
  const step = fc.oneof(
    fc.record({ add: fc.integer({ min: 1, max: 30 }) }),
    fc.record({ take: fc.integer({ min: 1, max: 40 }) }),
    fc.constant("reopen" as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      rmSync(folder, { recursive: true, force: true });
      let spool = open();
      let next = 0;
      const model: number[] = [];
      for (const each of steps) {
        if (each === "reopen") spool = open();
        else if ("add" in each) {
          const more = numbers(next, next + each.add);
          next += each.add;
          spool.add(more);
          model.push(...more);
        } else {
          const items = spool.peek(each.take);
          expect(items.length > 0).toBe(model.length > 0);
          expect(items).toEqual(model.splice(0, items.length));
          spool.drop(items.length);
        }
        expect(spool.waiting).toBe(model.length);
      }
      expect(drain(spool)).toEqual(model);
    }),
    { numRuns: 60 },
  );
});

test("loses the oldest when it is full, and counts them, also after a restart", () => {
  const spool = open(300, 60);
  for (const n of numbers(100, 400)) spool.add([n]);
  const { dropped, waiting } = spool;
  expect(dropped + waiting).toBe(300);
  expect(waiting).toBeGreaterThan(50);
  expect(open(300, 60)).toMatchObject({ dropped, waiting });
  expect(drain(spool)).toEqual(numbers(400 - waiting, 400));
});

const FIRST = "00000001.jsonl";
const file = (name: string) => join(folder, name);

test("after a crash at any byte nothing that was whole is lost, and what comes next is not either", () => {
  open(1e9, 1e6).add([12, 345, 6]);
  const text = readFileSync(file(FIRST), "utf8");
  for (let end = 0; end <= text.length; end++) {
    writeFileSync(file(FIRST), text.slice(0, end));
    rmSync(file("position.json"), { force: true });
    const whole = text.slice(0, end).split("\n").slice(0, -1).map(Number);
    const torn = text.slice(0, end).endsWith("\n") || end === 0 ? 0 : 1;
    const spool = open(1e9, 1e6);
    expect([end, spool.waiting, spool.dropped]).toEqual([end, whole.length, torn]);
    spool.add([7]);
    expect([end, open(1e9, 1e6).waiting]).toEqual([end, whole.length + 1]);
    expect([end, drain(spool)]).toEqual([end, [...whole, 7]]);
    expect([end, open(1e9, 1e6).waiting]).toEqual([end, 0]);
  }
});

test("whatever a crash leaves of the last writes: all that was told is told once more at most, and nothing is lost", () => {
  const step = fc.oneof(
    fc.record({ add: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ take: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ crash: fc.integer({ min: 0, max: 40 }), forgets: fc.boolean() }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      rmSync(folder, { recursive: true, force: true });
      let spool = open();
      let next = 0;
      let model: number[] = [];
      let positionBefore: string | null = null;
      const position = () => (existsSync(file("position.json")) ? readFileSync(file("position.json"), "utf8") : null);
      for (const each of steps) {
        if ("add" in each) {
          positionBefore = position();
          const more = numbers(next, next + each.add);
          next += each.add;
          spool.add(more);
          model.push(...more);
        } else if ("take" in each) {
          positionBefore = position();
          const items = spool.peek(each.take);
          expect(items.length > 0).toBe(model.length > 0);
          model.splice(0, items.length);
          spool.drop(items.length);
        } else {
          // The newest file lost its end, and the position may be that of a moment before.
          const newest = readdirSync(folder)
            .filter((name) => name.endsWith(".jsonl"))
            .sort()
            .at(-1);
          if (newest !== undefined) truncateSync(file(newest), Math.max(0, statSync(file(newest)).size - each.crash));
          if (each.forgets && positionBefore !== null) writeFileSync(file("position.json"), positionBefore);
          spool = open();
          const left = drain(spool);
          // A part of the model, with what was taken already before it, and the end missing.
          expect(left).toEqual(left.length === 0 ? [] : numbers(left[0] ?? 0, (left.at(-1) ?? 0) + 1));
          const lost = model.filter((n) => !left.includes(n));
          expect(lost).toEqual(lost.length === 0 ? [] : model.slice(-lost.length));
          if (each.crash === 0) expect(lost).toEqual([]);
          model = [];
        }
        expect(spool.waiting).toBe(model.length);
      }
      expect(drain(spool)).toEqual(model);
    }),
    { numRuns: 150 },
  );
});

test("lines that can't be read are dropped and counted once, and the others stay", () => {
  open(1e9, 1e6).add([1, 2]);
  appendFileSync(file(FIRST), "[3,\n4\n\u0000\u0000\n");
  const again = open(1e9, 1e6);
  expect([again.waiting, again.dropped]).toEqual([3, 2]);
  again.drop(again.peek(1).length);
  expect([open(1e9, 1e6).waiting, open(1e9, 1e6).dropped]).toEqual([2, 2]);
  expect(drain(open(1e9, 1e6))).toEqual([2, 4]);
});

test.each<[string, string]>([
  ["no JSON", "{"],
  ["no object", "7"],
  ["beyond the file", '{"file":1,"taken":99,"dropped":0}'],
  ["negative", '{"file":1,"taken":-1,"dropped":-5}'],
  ["of another file", '{"file":7,"taken":2,"dropped":0}'],
  ["no number", '{"file":"1","taken":"all","dropped":null}'],
  ["of a number that no file has", '{"file":1e300,"taken":1,"dropped":0}'],
])("a position that is %s loses nothing", (_, text) => {
  open().add([1, 2, 3]);
  writeFileSync(file("position.json"), text);
  const again = open();
  expect([again.waiting, again.dropped]).toEqual([3, 0]);
  again.add([4]);
  expect(drain(open())).toEqual([1, 2, 3, 4]);
});

test("a file that is empty, no file, or of another program is left out", () => {
  open().add([1]);
  writeFileSync(file("00000002.jsonl"), "");
  mkdirSync(file("00000003.jsonl"));
  writeFileSync(file("notes.jsonl"), "mine\n");
  const again = open();
  again.add([2]);
  expect(drain(again)).toEqual([1, 2]);
  expect(readdirSync(folder).sort()).toEqual(["00000003.jsonl", "notes.jsonl", "position.json"]);
});

test("files that vanish or are spoilt while the program runs count as dropped, and nothing waits that is not there", () => {
  const spool = open();
  for (const n of numbers(0, 90)) spool.add([n]);
  spool.peek(1);
  rmSync(file("00000002.jsonl"));
  writeFileSync(file("00000003.jsonl"), "what?\n");
  const left = drain(spool);
  expect(spool.waiting).toBe(0);
  expect(left.length + spool.dropped).toBe(90);
  expect(spool.dropped).toBeGreaterThan(0);
  spool.add([90]);
  expect(drain(spool)).toEqual([90]);
});

test("a number is not used for two files, so that an old position never takes from a new one", () => {
  const spool = open();
  spool.add([1, 2, 3]);
  spool.drop(spool.peek(2).length);
  const old = readFileSync(file("position.json"), "utf8");
  spool.drop(spool.peek(1).length);
  writeFileSync(file("position.json"), old); // the last one did not get to the disk
  const again = open();
  again.add([4, 5, 6]);
  writeFileSync(file("position.json"), old);
  expect(drain(open())).toEqual([4, 5, 6]);
});
