import { expect, it } from "vitest";
import { epochOrder, nextEpoch } from "../../../src/core/service/epoch.ts";

it("a later epoch is newer, and one that nobody names is any", () => {
  const [first, second] = [nextEpoch("", 1_000, "ffffffff"), nextEpoch("", 2_000, "00000000")];
  expect(epochOrder(second, first)).toBe("newer");
  expect(epochOrder(first, second)).toBe("older");
  expect(epochOrder(first, first)).toBe("same");
  expect(epochOrder("", first)).toBe("same");
  expect(epochOrder(first, "")).toBe("same");
});

it("the next epoch is newer even when the clock went back", () => {
  const known = nextEpoch("", Date.parse("2026-11-05"), "ffffffff");
  expect(epochOrder(nextEpoch(known, Date.parse("2020-01-01"), "00000000"), known)).toBe("newer");
});
