import { beforeAll, expect, test } from "vitest";
import { createKey, deleteKey, findKey, listKeys, noteKeyUse } from "../../../src/store/access/keys.ts";
import { type Db, isDuplicate, ping } from "../../../src/store/database.ts";
import { getMeta, setMeta } from "../../../src/store/meta.ts";
import { migratedDatabase, NOW } from "../fixtures.ts";

let db: Db;
beforeAll(async () => {
  db = await migratedDatabase();
});

test("a key is found by its hash and listed without it", async () => {
  const key = await createKey(db, { name: "ci", scope: "write", hash: "h1", now: NOW });
  const agent = await createKey(db, { name: "dc", scope: "agent", agent: "dc-1", hash: "h2", now: NOW });
  expect(key).toEqual({
    id: expect.any(Number),
    name: "ci",
    scope: "write",
    agent: null,
    projects: null,
    created_at: NOW,
    prefix: null,
    last_used_at: null,
  });
  expect(await findKey(db, "h1")).toEqual(key);
  expect(await findKey(db, "h3")).toBeUndefined();
  expect(await listKeys(db)).toEqual([key, agent]);
  expect([(await deleteKey(db, key.id))?.name, await deleteKey(db, key.id)]).toEqual(["ci", undefined]);
  expect(await findKey(db, "h1")).toBeUndefined();
});

test("the use of a key is noted once in an hour", async () => {
  const made = await createKey(db, { name: "used", scope: "read", hash: "used", prefix: "hub_abc", now: NOW });
  const used = async (now: number) => {
    await noteKeyUse(db, (await findKey(db, "used")) ?? made, now);
    return (await findKey(db, "used"))?.last_used_at;
  };
  expect(await used(NOW)).toBe(NOW);
  expect(await used(NOW + 3_599_999)).toBe(NOW);
  expect(await used(NOW + 3_600_000)).toBe(NOW + 3_600_000);
  expect((await findKey(db, "used"))?.prefix).toBe("hub_abc");
});

test("two keys never have the same hash", async () => {
  await createKey(db, { name: "a", scope: "read", hash: "same", now: NOW });
  const error: unknown = await createKey(db, { name: "b", scope: "read", hash: "same", now: NOW }).catch((e) => e);
  expect(isDuplicate(error)).toBe(true);
});

test("facts are kept as JSON under their key", async () => {
  expect(await getMeta(db, "peer")).toBeUndefined();
  await setMeta(db, "peer", { rev: 1 });
  await setMeta(db, "peer", { rev: 2 });
  expect(await getMeta(db, "peer")).toEqual({ rev: 2 });
});

test("the database answers a ping", async () => {
  await expect(ping(db)).resolves.toBeUndefined();
});
