/** Runs in Node: the linter does not load in workerd. */
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { afterAll, expect, test } from "vitest";
import { startHub } from "../processes/hub-process.ts";

const hub = await startHub();
afterAll(() => hub.remove());

test("the API document passes the recommended rules of redocly lint without errors and warnings", async () => {
  const response = await fetch(`${hub.url}/openapi.json`);
  const config = await createConfig({ extends: ["recommended"] });
  const problems = await lintFromString({ source: await response.text(), config });
  const lines = problems.map(
    ({ severity, ruleId, message, location: [place] }) => `${severity} ${ruleId} ${place?.pointer ?? ""}: ${message}`,
  );
  expect(lines).toEqual([]);
});
