import { expect, test } from "vitest";
import { boundedErrorText } from "../../../src/core/values/error-text.ts";

test("an error text has no characters that a terminal would obey", () => {
  expect(boundedErrorText("a\u001b[31mb\r\nc\u0000\u009bd")).toBe("a [31mb  c  d");
});

test("an error text of 300 characters ends with a whole one", () => {
  expect(boundedErrorText("x".repeat(300))).toBe("x".repeat(300));
  expect(boundedErrorText(`${"x".repeat(299)}😀`)).toBe(`${"x".repeat(299)}\ufffd`);
});
