import { expect, test } from "vitest";
import { messageOf } from "../../../src/core/values/error-message.ts";

test("a thrown value is told by its message, or as it is", () => {
  expect(messageOf(new Error("no port"))).toBe("no port");
  expect(messageOf("gone")).toBe("gone");
});
