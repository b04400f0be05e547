import { expect, test } from "vitest";
import { settleEach, TooSlow } from "../../../src/core/values/settle-each.ts";
import { systemClock } from "../../../src/node/system-clock.ts";

test("one that throws and one that hangs cost only themselves", async () => {
  const run = async (name: string): Promise<string> => {
    if (name === "throws") throw new Error("broken");
    if (name === "hangs") return await new Promise<never>(() => {});
    return name.toUpperCase();
  };
  const { done, failed } = await settleEach(["a", "throws", "hangs", "b"], run, {
    limitMs: 50,
    wait: systemClock.wait,
  });
  expect(done).toEqual([
    { item: "a", value: "A" },
    { item: "b", value: "B" },
  ]);
  expect(failed.map(({ item }) => item).toSorted()).toEqual(["hangs", "throws"]);
  expect(failed.find(({ item }) => item === "hangs")?.error).toBeInstanceOf(TooSlow);
});
