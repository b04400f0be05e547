import { SELF } from "cloudflare:test";
import { expect, it } from "vitest";

it("the Worker answers the OpenAPI document without a key", async () => {
  const response = await SELF.fetch("http://hub/openapi.json");
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ openapi: "3.1.0" });
});
