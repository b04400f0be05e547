import { expect, test } from "vitest";
import { bounded } from "../../../src/core/status/bounded-details.ts";
import { anObservation } from "../fixtures.ts";

const detailsOf = (details: object) => bounded(anObservation({ details: details as never })).details;

test("a version is as long as a registration may say it, whoever sends it, and always a text", () => {
  expect(detailsOf({ version: "v".repeat(500) }).version).toHaveLength(128);
  expect(detailsOf({ version: 2 })).toEqual({ version: "2" });
  expect(detailsOf({ version: null }).version).toBeUndefined();
  expect(detailsOf({ version: `${"v".repeat(127)}\u{1f600}` }).version).toBe(`${"v".repeat(127)}\ufffd`);
});

test("details are bounded in number, names and texts, and numbers can be written as JSON", () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_none, index) => [`d${index}`, index]));
  expect(Object.keys(detailsOf(many))).toHaveLength(64);
  expect(detailsOf({ ["n".repeat(99)]: "t".repeat(999) })).toEqual({ ["n".repeat(64)]: "t".repeat(256) });
  expect(detailsOf({ a: Number.POSITIVE_INFINITY, b: Number.NaN, c: 1.5, d: true, e: null })).toEqual({
    a: null,
    b: null,
    c: 1.5,
    d: true,
    e: null,
  });
  expect(detailsOf({ a: "line\nbreak" })).toEqual({ a: "line break" });
});
