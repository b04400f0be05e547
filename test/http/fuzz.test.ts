import fc from "fast-check";
import { expect, test } from "vitest";
import { createApp } from "../../src/http/app.ts";
import { openApiDocument } from "../../src/http/hub/docs.ts";
import { addProject, addService } from "../store/fixtures.ts";
import { fuzzRequests } from "./fuzz-requests.ts";
import { ADMIN_TOKEN, testHub } from "./test-hub.ts";

const RUNS = 500;

test("no request makes the hub fail, or answer an error that is not a problem", async () => {
  const hub = await testHub();
  const project = await addProject(hub.db, "shop");
  for (const name of ["a", "b", "c"]) await addService(hub.db, project, { name, depends_on: ["a"] });
  await addService(hub.db, project, { name: "beat", health_method: "heartbeat" });
  const app = createApp(() => hub.context);
  const seen = new Map<number, number>();

  await fc.assert(
    fc.asyncProperty(fuzzRequests(openApiDocument(app)), async ({ method, path, headers, body }) => {
      const init = {
        method,
        headers: { ...headers, authorization: `Bearer ${ADMIN_TOKEN}` },
        ...(body === null ? {} : { body }),
      };
      const response = await app.request(path, init);
      const text = await response.text();
      seen.set(response.status, (seen.get(response.status) ?? 0) + 1);
      expect(response.status, text).toBeLessThan(500);
      if (response.status < 400) return;
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      if (method !== "HEAD")
        expect(JSON.parse(text)).toMatchObject({ status: response.status, detail: expect.any(String) });
    }),
    { numRuns: RUNS },
  );

  const statuses = [...seen.keys()];
  expect(statuses, "the requests reach both good and bad ends").toEqual(expect.arrayContaining([200, 201, 400, 404]));
});
