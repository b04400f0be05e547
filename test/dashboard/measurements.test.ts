import { expect, test } from "vitest";
import { byImportance, bytes, measureOf } from "../../src/dashboard/model/measurements.ts";

test("what agents measure has a title and a unit, anything else its own name", () => {
  expect(measureOf("cpu_percent").title).toBe("CPU");
  expect(measureOf("cpu_percent").format(12.345)).toBe("12.35 %");
  expect(measureOf("load1")).toMatchObject({ title: "load1" });
  expect(measureOf("constructor").title).toBe("constructor");
  expect(measureOf("load1").format(1_234.5)).toBe("1,234.5");
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_000, "1 KB"],
  [50_500_000, "50.5 MB"],
  [2e15, "2,000 TB"],
])("%d bytes are %s", (value, text) => {
  expect(bytes(value)).toBe(text);
});

test("what matters most comes first", () => {
  const names = ["zeta", "restarts", "alpha", "cpu_percent"].map((name) => ({ name }));
  expect(byImportance(names).map(({ name }) => name)).toEqual(["cpu_percent", "restarts", "zeta", "alpha"]);
});
