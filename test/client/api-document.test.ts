/** Runs in Node: the linter does not load in workerd. */
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { expect, test } from "vitest";
import { createApp } from "../../src/http/app.ts";
import { docs } from "../../src/http/hub/docs.ts";

test("the API document passes the recommended rules of redocly lint without errors and warnings", async () => {
  const app = createApp(() => {
    throw new Error("the document needs no hub");
  });
  const response = await docs(app).request("/openapi.json");
  const config = await createConfig({ extends: ["recommended"] });
  const problems = await lintFromString({ source: await response.text(), config });
  const lines = problems.map(
    ({ severity, ruleId, message, location: [place] }) => `${severity} ${ruleId} ${place?.pointer ?? ""}: ${message}`,
  );
  expect(lines).toEqual([]);
});
