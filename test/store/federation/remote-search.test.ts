import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import type { Db } from "../../../src/store/database.ts";
import { type RemoteFilter, searchRemote } from "../../../src/store/federation/remote-search.ts";
import { migratedDatabase, NOW } from "../fixtures.ts";

const HUBS = ["near", "empty", "far", "unknown"];
const SERVICES = 7;

let db: Db;
beforeAll(async () => {
  db = await migratedDatabase();
  await env.DB.batch(["near", "empty", "far"].flatMap((hub) => hubWith(hub, hub === "empty" ? 0 : SERVICES)));
});

function hubWith(hub: string, services: number): D1PreparedStatement[] {
  return [
    env.DB.prepare(
      `INSERT INTO hubs (hub_id, source, trust, status_since, service_count, created_at, updated_at)
       VALUES (?1, 'registered', 'approved', ?2, ?3, ?2, ?2)`,
    ).bind(hub, NOW, services),
    ...Array.from({ length: services }, (_, n) =>
      env.DB.prepare(
        `INSERT INTO remote_services (hub_id, service_id, copy, project, name, service_type, tags, capabilities, metadata,
           depends_on, pulled_status, pulled_since, pulled_seq)
         VALUES (?, ?, 1, 'shop', ?, 'api', ?, '[]', '{}', '[]', ?, ?, 1)`,
      ).bind(hub, n + 1, `s${n}`, n % 2 === 0 ? '["even","a"]' : '["a"]', n === 3 ? "down" : "up", NOW),
    ),
  ];
}

/** Hub and id of all that is found, page by page, and the totals that the pages told. */
async function walk(filter: RemoteFilter, limit: number) {
  const found: string[] = [];
  const totals: number[] = [];
  for (let after: { rank: number; id: number } | undefined; ; ) {
    const { rows, total } = await searchRemote(db, HUBS, filter, { limit, after, total: totals[0] });
    totals.push(total);
    found.push(...rows.map(({ hub_id, service_id }) => `${hub_id} ${service_id}`));
    const last = rows.at(-1);
    if (last === undefined || rows.length < limit) return { found, totals: [...new Set(totals)] };
    after = { rank: HUBS.indexOf(last.hub_id), id: last.service_id };
  }
}

const placesOf = (ids: readonly number[]) => ["near", "far"].flatMap((hub) => ids.map((id) => `${hub} ${id}`));

test("services of other hubs come in the order of the hubs and of their ids, on pages of any size", async () => {
  for (const limit of [1, 3, 7, 100]) {
    expect(await walk({}, limit)).toEqual({ found: placesOf([1, 2, 3, 4, 5, 6, 7]), totals: [14] });
  }
});

test("with a filter too, and the first page counts what matches", async () => {
  for (const limit of [1, 3, 100]) {
    expect(await walk({ tag: "even" }, limit)).toEqual({ found: placesOf([1, 3, 5, 7]), totals: [8] });
    expect(await walk({ status: "down" }, limit)).toEqual({ found: placesOf([4]), totals: [2] });
    expect(await walk({ name: "s5", tag: "a" }, limit)).toEqual({ found: placesOf([6]), totals: [2] });
  }
  expect(await walk({ tag: "eve" }, 3)).toEqual({ found: [], totals: [0] });
});

test("a cursor of an older release, without a total, goes on where it says", async () => {
  const after = { rank: 0, id: 5 };
  const { rows, total } = await searchRemote(db, HUBS, { tag: "even" }, { limit: 2, after });
  expect(rows.map(({ hub_id, service_id }) => `${hub_id} ${service_id}`)).toEqual(["near 7", "far 1"]);
  expect(total).toBe(8);
});
