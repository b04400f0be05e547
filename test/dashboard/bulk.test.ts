import { expect, test } from "vitest";
import { bulkWords, forEach, withTag } from "../../src/dashboard/model/bulk.ts";

test("work for many is done a few at a time, and one that fails stops no other", async () => {
  let open = 0;
  let most = 0;
  const outcome = await forEach(
    Array.from({ length: 40 }, (_, index) => index),
    async (index) => {
      open += 1;
      most = Math.max(most, open);
      await Promise.resolve();
      open -= 1;
      if (index === 7) throw new Error("there is no such service");
      return index;
    },
  );
  expect(most).toBeLessThanOrEqual(6);
  expect(outcome.done).toHaveLength(39);
  expect(outcome.problems).toEqual(["there is no such service"]);
});

test("nothing is to be done for nobody", async () => {
  expect(await forEach([], async () => 1)).toEqual({ done: [], problems: [] });
});

test("a tag is added once", () => {
  expect(withTag({ tags: ["a"] }, "b")).toEqual(["a", "b"]);
  expect(withTag({ tags: ["a"] }, "a")).toBeNull();
});

test("says what was done, and why some of it was not", () => {
  expect(bulkWords("paused", 1, [])).toBe("1 service paused.");
  expect(bulkWords("paused", 2, ["no right", "no right"])).toBe("2 services paused; 2 refused: no right");
});
