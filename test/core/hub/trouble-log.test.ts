import { describe, expect, test } from "vitest";
import { TroubleLog } from "../../../src/core/hub/trouble-log.ts";
import { TROUBLE_AGAIN_MS, TROUBLE_OVER_MS } from "../../../src/core/time/durations.ts";

const NOW = 1_800_000_000_000;
const FULL = "database or disk is full: SQLITE_FULL";
const VAGUE = "internal error; reference = abc";
const words = "the database does not answer: the disk is full";

describe("a trouble of the database", () => {
  test("is told once when it begins, now and then while it lasts, and once when it is over", () => {
    const log = new TroubleLog();
    const told: string[] = [];
    for (let at = NOW; at < NOW + TROUBLE_AGAIN_MS + 5_000; at += 1_000) {
      for (const { step, failures } of log.failed(FULL, at) ?? []) told.push(`${step} ${failures}`);
      expect(log.quiet(at)).toEqual([]);
    }
    expect(told).toEqual(["begins 1", "goes_on 601"]);
    const last = NOW + TROUBLE_AGAIN_MS + 4_000;
    expect(log.quiet(last + TROUBLE_OVER_MS)).toEqual([{ step: "over", trouble: words, seconds: 604, failures: 605 }]);
    expect(log.quiet(last + TROUBLE_OVER_MS)).toEqual([]);
  });

  test("is told again when its cause becomes known, and not when that is said more vaguely", () => {
    const log = new TroubleLog();
    expect(log.failed(VAGUE, NOW)).toMatchObject([{ step: "begins", trouble: "the database does not answer" }]);
    expect(log.failed(FULL, NOW + 1)).toMatchObject([{ step: "begins", trouble: words }]);
    expect(log.failed(VAGUE, NOW + 2)).toEqual([]);
    expect(log.failed("disk I/O error: SQLITE_IOERR", NOW + 3)).toEqual([]);
    expect(log.wordsOf(VAGUE, NOW + 4)).toBe(words);
  });

  test("that comes back later begins anew", () => {
    const log = new TroubleLog();
    log.failed(FULL, NOW);
    const later = NOW + TROUBLE_OVER_MS;
    expect(log.failed(FULL, later)).toMatchObject([{ step: "over" }, { step: "begins", failures: 1 }]);
  });

  test("has the queries that fail meanwhile, but those do not make it last", () => {
    const log = new TroubleLog();
    expect(log.failed("Failed query: select 1", NOW)).toBeNull();
    log.failed(FULL, NOW);
    expect(log.failed("Failed query: select 1", NOW + TROUBLE_OVER_MS - 1)).toEqual([]);
    expect(log.failed("Failed query: select 1", NOW + TROUBLE_OVER_MS)).toBeNull();
  });

  test("is not what fails for another reason", () => {
    const log = new TroubleLog();
    log.failed(FULL, NOW);
    expect(log.failed("TypeError: x is not a function", NOW + 1)).toBeNull();
    expect(new TroubleLog().wordsOf("D1_ERROR: no such table", NOW)).toBeNull();
  });
});
