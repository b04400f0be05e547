import { appendFileSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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
    const { items, lines } = spool.peek(limit);
    if (lines === 0) return all;
    all.push(...items);
    spool.drop(lines);
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
  first.drop(first.peek(20).lines);
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
          const { items, lines } = spool.peek(each.take);
          expect(items).toEqual(model.splice(0, lines));
          expect(lines > 0).toBe(items.length > 0);
          spool.drop(lines);
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

test("skips a line that was cut off, and a position that can't be read", () => {
  const spool = open(1e9, 1e6);
  spool.add([1, 2]);
  appendFileSync(join(folder, "00000001.jsonl"), "[3,\n4\n");
  writeFileSync(join(folder, "position.json"), "{");
  const again = open(1e9, 1e6);
  expect(again.waiting).toBe(4);
  expect(drain(again)).toEqual([1, 2, 4]);
});
