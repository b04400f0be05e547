/** A name is a name, even when it looks like a number. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { exportedManifest, manifestsYaml, parseManifests } from "../../src/command/manifest-file.ts";
import { aProject, aService, hub, startFakeHub } from "./fake-hub.ts";

let folder: string;
let fake: Awaited<ReturnType<typeof startFakeHub>> | null = null;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hub-names-"));
});
afterEach(async () => {
  await fake?.stop();
  fake = null;
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A hub with the projects `stranger` of the id 3 and `007` of the id 9; both have a service. */
async function start() {
  const stranger = aProject({ id: 3, name: "stranger" });
  const agent = aProject({ id: 9, name: "007" });
  const services = [
    aService({ id: 5, name: "web", project: "stranger", project_id: 3 }),
    aService({ id: 6, name: "5", project: "007", project_id: 9 }),
  ];
  const plan = { create: [], update: [], delete: ["web"], unchanged: 0 };
  fake = await startFakeHub({
    "GET /api/projects": () => ({ body: { projects: [stranger, agent], next_cursor: null, total: 2 } }),
    "GET /api/projects/3": () => ({ body: stranger }),
    "GET /api/projects/7": () => ({ body: aProject({ id: 7 }) }),
    "PUT /api/projects/3/manifest": () => ({ body: { plan } }),
    "PUT /api/projects/9/manifest": () => ({ body: { plan } }),
    // As the hub does it: it takes an unknown project of digits for an id.
    "GET /api/services": ({ path }) => {
      const project = new URL(path, "http://hub").searchParams.get("project");
      const listed = services.filter(
        (each) => project === null || [each.project, `${each.project_id}`].includes(project),
      );
      return { body: { services: listed, next_cursor: null, total: listed.length } };
    },
    "GET /api/services/5": () => ({ body: services[0] }),
    "POST /api/services/5/check": () => ({ status: 409, body: { detail: "checked 5" } }),
    "POST /api/services/6/check": () => ({ status: 409, body: { detail: "checked 6" } }),
  });
  return { ...fake, environment: { HUB_URL: fake.url } };
}

function file(text: string): string {
  const path = join(folder, "manifest.yaml");
  writeFileSync(path, text);
  return path;
}

test.each([
  ["project: 3\nservices: []", [], "+ project 3"],
  ["services: []", ["--project", "3"], "+ project 3"],
  ['{"project": 3, "services": []}', [], "+ project 3"],
  ["- {project: 3, services: []}\n- {project: 4, services: []}", [], "+ project 3"],
  ["project: 007\nservices: []", [], "  project 007"],
  ["services: []", ["--project", "id:3"], "  project stranger"],
])("the manifest %j with %j is one for%s", async (text, flags, head) => {
  const { environment, asked } = await start();
  const { out } = await hub(["apply", file(text), "--dry-run", ...flags], { environment });
  expect(out.split("\n")[0]).toBe(head);
  const planned = asked.filter(({ method }) => method === "PUT").map(({ path }) => path.split("/")[3]);
  expect(planned).toEqual(head.startsWith("+") ? [] : [head.endsWith("007") ? "9" : "3"]);
});

test("an id of a project that is not there creates none", async () => {
  const { environment, asked } = await start();
  const result = await hub(["apply", file("services: []"), "--project", "id:99", "--yes"], { environment });
  expect(result).toMatchObject({ code: 1, err: "there is no project id:99" });
  expect(asked.every(({ method }) => method === "GET")).toBe(true);
});

test("a manifest names its project, so an id in it is refused", () => {
  expect(() => parseManifests("project: id:3\nservices: []", "m.yaml")).toThrow("m.yaml: project: expected a name");
});

test.each([["services"], ["export"], ["watch"]])(
  "hub %s takes digits for a name and says how an id is written",
  async (name) => {
    const { environment } = await start();
    const { code, err } = await hub([name, "--project", "3"], { environment });
    expect([code, err]).toEqual([1, "there is no project 3; 3 is a name here, and an id is written id:3"]);
  },
);

test("hub services lists those of a project whose id is given", async () => {
  const { environment } = await start();
  const { out } = await hub(["services", "--project", "id:3", "--json"], { environment });
  expect(JSON.parse(out)).toMatchObject([{ name: "web", project: "stranger" }]);
});

test.each([
  ["5", "409: checked 6"],
  ["id:5", "409: checked 5"],
  ["007/5", "409: checked 6"],
  ["3/web", "there is no service 3/web in a running project"],
  ["9", "there is no service 9 in a running project; 9 is a name here, and an id is written id:9"],
  ["id:9", "there is no service id:9"],
])("hub check %s ends with %j", async (reference, words) => {
  const { environment } = await start();
  expect((await hub(["check", reference], { environment })).err).toBe(words);
});

test("names that look like numbers survive export and apply, in YAML that a person wrote too", () => {
  const [written] = parseManifests("project: 1e3\nservices: [{name: 007, metadata: {n: 007}}]", "m.yaml");
  expect(written).toEqual({ project: "1e3", body: { services: [{ name: "007", metadata: { n: 7 } }] } });
  const project = aProject({ name: "007" });
  const exported = exportedManifest(project as never, [aService({ name: "12" })] as never);
  const [read] = parseManifests(manifestsYaml([exported]), "m.yaml");
  expect(read).toMatchObject({ project: "007", body: { services: [{ name: "12" }] } });
});

test.each(["1.10", "2026-01-01", "007"])("the version %s survives export and apply", (version) => {
  const exported = exportedManifest(aProject() as never, [aService({ version })] as never);
  expect(parseManifests(manifestsYaml([exported]), "m.yaml")[0]?.body).toMatchObject({ services: [{ version }] });
});

test.each(["services:\n  - ? [a, b]\n    : 1", "? {a: 1}\n: 2", "services: [{metadata: {[x]: 1}}]"])(
  "a key that is no text is refused, as the hub would: %j",
  (text) => {
    expect(() => parseManifests(text, "hub.yaml")).toThrow("expected a text as a key");
  },
);
