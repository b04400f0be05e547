import { exports } from "cloudflare:workers";
import { expect, it } from "vitest";

it("answers", async () => {
  const response = await (exports as any).default.fetch("http://hub/health");
  expect(await response.text()).toBe("hub");
});
