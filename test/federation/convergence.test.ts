import { test } from "vitest";
import { checkConvergence } from "./converging.ts";

test("whatever is changed, deleted, cut, lost half-way or restored: after one round all views are equal", async () => {
  await checkConvergence(50);
});
