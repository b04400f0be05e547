/** Manifests that are applied while others write to the same project: the result is one of them, never a mixture. */
import { reset } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { applyManifest, projectServices } from "../../src/store/registry/manifest.ts";
import { addProject } from "../store/fixtures.ts";
import { type TestHub, testHub } from "./test-hub.ts";

const ROUNDS = 10;
let hub: TestHub;
let path: string;
let projectId: number;

beforeEach(async () => {
  await reset();
  hub = await testHub();
  projectId = (await addProject(hub.db, "shop")).id;
  path = `/api/projects/${projectId}/manifest`;
});

const http = { health_method: "http", health_url: "https://a.example.com/health" };
const manifest = (names: string[], tag: string) => ({
  services: names.map((name) => ({ ...http, name, tags: [tag] })),
});
const put = async (body: object, revision?: string) => {
  const headers = revision === undefined ? undefined : { "if-match": `"${revision}"` };
  return await hub.request("PUT", path, body, headers === undefined ? {} : { headers });
};
const seen = async () =>
  (await projectServices(hub.db, projectId)).map(({ name, tags }) => `${name} ${tags.join()}`).toSorted();
const named = ({ services }: ReturnType<typeof manifest>) =>
  services.map(({ name, tags }) => `${name} ${tags.join()}`).toSorted();
const planned = async (body: object) =>
  await hub.call<{ plan: object; revision: string }>("PUT", `${path}?dry_run=true`, 200, body);

test("two manifests at once leave exactly one of them, and both are told that they were applied", async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const [left, right] = [manifest(["a", "b", "c"], `l${round}`), manifest(["b", "c", "d", "e"], `r${round}`)];
    const answers = await Promise.all([put(left), put(right)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect([named(left), named(right)]).toContainEqual(await seen());
  }
});

test("who plans for what is no longer there is refused, and changes nothing", async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const [left, right] = [manifest(["a", "b"], `l${round}`), manifest(["b", "c"], `r${round}`)];
    const { revision } = await planned(left);
    const answers = await Promise.all([put(left, revision), put(right, revision)]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 412]);
    const [winner] = [left, right].filter((_, index) => answers[index]?.status === 200);
    expect(winner === undefined ? null : named(winner)).toEqual(await seen());
  }
});

test("a service that registers, changes or leaves beside a manifest does so before it or after it", async () => {
  for (let round = 0; round < ROUNDS; round++) {
    await hub.call("PUT", path, 200, manifest(["a", "b"], "old"));
    const [a, b] = await projectServices(hub.db, projectId);
    const wanted = manifest(["a", "c"], `m${round}`);
    const [applied, registered, patched, deleted] = await Promise.all([
      put(wanted),
      hub.request("PUT", "/api/projects/shop/services/late", { ...http, tags: ["late"] }),
      hub.request("PATCH", `/api/services/${a?.id}`, { capabilities: ["mine"] }),
      hub.request("DELETE", `/api/services/${b?.id}`),
    ]);
    expect([applied.status, registered.status, patched.status]).toEqual([200, 201, 200]);
    expect([204, 404]).toContain(deleted.status);
    expect([named(wanted), [...named(wanted), "late late"]]).toContainEqual(await seen());
  }
});

test.each([
  ["is patched", (id: number) => hub.call("PATCH", `/api/services/${id}`, 200, { tags: ["other"] })],
  ["is paused", (id: number) => hub.call("POST", `/api/services/${id}/pause`, 200, { minutes: 5 })],
  ["is deleted", (id: number) => hub.call("DELETE", `/api/services/${id}`, 204)],
  ["gets a neighbour", () => hub.call("PUT", "/api/projects/shop/services/new", 201, http)],
])("a plan is void when a service %s before it is applied", async (_, change) => {
  await hub.call("PUT", path, 200, manifest(["a"], "old"));
  const before = await projectServices(hub.db, projectId);
  const { revision } = await planned(manifest(["b"], "new"));
  await change(before[0]?.id ?? 0);
  const after = await seen();
  const answer = await put(manifest(["b"], "new"), revision);
  expect(answer.status).toBe(412);
  expect(await answer.json()).toMatchObject({ detail: "the services of shop have changed since; plan again" });
  expect(await seen()).toEqual(after);
  const plan = { create: [], update: [], delete: before.map(({ id }) => id) };
  expect(await applyManifest(hub.db, { id: projectId, before }, plan, Date.now())).toBe("changed");
  expect(await seen()).toEqual(after);
});

test("the answer has the revision that the next plan may be made for, also as a weak tag", async () => {
  const { revision } = await hub.call<{ revision: string }>("PUT", path, 200, manifest(["a"], "x"));
  expect((await planned(manifest(["a"], "x"))).revision).toBe(revision);
  const headers = { "if-match": `W/"${revision}"` };
  expect((await hub.request("PUT", path, manifest(["b"], "x"), { headers })).status).toBe(200);
});

test("a project that is deleted beside its manifest is gone, or was there before", async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const { id } = await addProject(hub.db, `p${round}`);
    const [applied] = await Promise.all([
      hub.request("PUT", `/api/projects/${id}/manifest`, manifest(["a"], "x")),
      hub.request("DELETE", `/api/projects/${id}`),
    ]);
    expect([200, 404]).toContain(applied.status);
    expect(await projectServices(hub.db, id)).toEqual([]);
  }
});

test("manifests beside the containers of an agent never undo each other's services", async () => {
  await hub.call("PUT", "/api/agents/inside", 201);
  for (let round = 0; round < ROUNDS; round++) {
    const found = { ...http, project: "shop", name: "box", container_id: `c${round}` };
    const wanted = manifest(["a"], `m${round}`);
    const [applied, told] = await Promise.all([
      put(wanted),
      hub.request("PUT", "/api/agents/inside/services", { services: [found] }),
    ]);
    expect([applied.status, told.status]).toEqual([200, 200]);
    expect([named(wanted), [...named(wanted), "box "]].map((each) => each.toSorted())).toContainEqual(await seen());
  }
});
