/**
 * Many change the registry at once, and invocations and objects end anywhere between two of their calls. Whatever was
 * answered with success is there in the end, and the board, the lanes and the announcements say the same as the database.
 */
import { abortAllDurableObjects, applyD1Migrations, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, it, vi } from "vitest";
import { isWatched } from "../../src/core/board/service-view.ts";
import type { LaneRecord } from "../../src/core/lane/lane-record.ts";
import type { ServiceRow } from "../../src/core/service/service-row.ts";
import type { Bindings } from "../../src/platform/bindings.ts";
import { boardOf, bridgeOf, laneMonitorOf } from "../../src/platform/object-stubs.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { openDatabase } from "../../src/store/database.ts";
import { projectServices } from "../../src/store/registry/manifest.ts";
import { createWorker } from "../../src/worker/create-worker.ts";
import { tellNats } from "../../src/worker/deps.ts";
import { hubOf } from "../../src/worker/hub.ts";
import { catchUp } from "../../src/worker/registry.ts";
import { type Random, randomOf } from "../random.ts";
import { until } from "../until.ts";
import { dyingEnv } from "./dying-env.ts";

const SEEDS = [4, 17, 21, 29]; // the last three found something
const WAVES = 14;
const AT_ONCE = 4;
const HEADERS = { authorization: "Bearer test-admin-token-0000", "content-type": "application/json" };
const NAMES = ["a", "b", "c"];
const CONTAINERS = ["d", "e"];
const INTERVALS = [300, 600, 900];

/** With NATS, though nothing is sent to it: what would be sent waits in the outbox. */
const natsEnv: Bindings = Object.assign({}, env, {
  NATS_URL: "ws://127.0.0.1:1",
  REQUEST_LIMIT: { limit: async () => ({ success: true }) },
}) as never;
const hub = hubOf(natsEnv, systemClock);
const worker = createWorker(systemClock);
const db = openDatabase(env.DB);

type Field = "exists" | "tags" | "metadata" | "health_interval" | "enabled" | "runs";
interface Write {
  service: string;
  field: Field;
  value: unknown;
  from: number;
  to: number;
  /** It may not have happened, or not have changed anything, so it hides no earlier one. */
  maybe: boolean;
}

interface Op {
  method: string;
  path: string;
  body?: object;
  writes: Pick<Write, "service" | "field" | "value">[];
  /** Writes that the answer does not prove. */
  perhaps?: Pick<Write, "service" | "field" | "value">[];
}

class Model {
  readonly #random: Random;
  readonly #project: number;
  readonly #containers: number;
  readonly #agent: string;
  readonly #writes: Write[] = [];
  #unique = 0;
  #step = 0;

  constructor(seed: number, ids: { project: number; containers: number; agent: string }) {
    this.#random = randomOf(seed);
    this.#project = ids.project;
    this.#containers = ids.containers;
    this.#agent = ids.agent;
  }

  async play(): Promise<void> {
    for (let wave = 0; wave < WAVES; wave++) {
      const ids = await this.#ids();
      await Promise.all(Array.from({ length: AT_ONCE }, async () => await this.#perform(this.#anOp(ids))));
      if (this.#random.below(5) === 0) await abortAllDurableObjects();
    }
  }

  async #ids(): Promise<Map<string, number>> {
    const rows = [...(await projectServices(db, this.#project)), ...(await projectServices(db, this.#containers))];
    return new Map(rows.map(({ name, id }) => [name, id]));
  }

  #definition(): { body: object; tags: string[]; health_interval: number } {
    const [tags, health_interval] = [[`t${this.#unique++}`], this.#random.one(INTERVALS)];
    return { body: { health_method: "heartbeat", health_interval, tags }, tags, health_interval };
  }

  #defines(service: string, { tags, health_interval }: { tags: string[]; health_interval: number }): Op["writes"] {
    return [
      { service, field: "exists", value: true },
      { service, field: "tags", value: tags },
      { service, field: "metadata", value: {} },
      { service, field: "health_interval", value: health_interval },
    ];
  }

  #anOp(ids: ReadonlyMap<string, number>): Op {
    const name = this.#random.one(NAMES);
    const id = ids.get(name);
    const kind = this.#random.below(10);
    if (kind === 0) return this.#manifest();
    if (kind <= 2) return this.#containerEvent();
    if (kind === 3) return this.#switch(ids, this.#random.one(CONTAINERS));
    if (id === undefined || kind === 4) return this.#put(name);
    if (kind === 5) {
      return {
        method: "DELETE",
        path: `/api/services/${id}`,
        writes: [{ service: name, field: "exists", value: false }],
      };
    }
    if (kind === 6)
      return { method: "POST", path: `/api/services/${id}/heartbeat`, body: { status: "pass" }, writes: [] };
    return kind === 7 ? this.#switch(ids, name) : this.#patch(name, id);
  }

  #put(service: string): Op {
    const definition = this.#definition();
    const path = `/api/projects/m-${this.#agent}/services/${service}`;
    const perhaps = [{ service, field: "enabled" as const, value: true }];
    return { method: "PUT", path, body: definition.body, writes: this.#defines(service, definition), perhaps };
  }

  #patch(service: string, id: number): Op {
    const field = this.#random.one(["tags", "metadata", "health_interval"] as const);
    const unique = this.#unique++;
    const value = { tags: [`t${unique}`], metadata: { v: unique }, health_interval: this.#random.one(INTERVALS) }[
      field
    ];
    return {
      method: "PATCH",
      path: `/api/services/${id}`,
      body: { [field]: value },
      writes: [{ service, field, value }],
    };
  }

  #switch(ids: ReadonlyMap<string, number>, service: string): Op {
    const path = `/api/services/${ids.get(service) ?? 999_999}`;
    const enabled = this.#random.below(3) === 0;
    const writes = [{ service, field: "enabled" as const, value: enabled }];
    if (!enabled && this.#random.below(2) === 0) {
      return { method: "POST", path: `${path}/pause`, body: { minutes: 60 }, writes };
    }
    return { method: "PATCH", path, body: { enabled }, writes };
  }

  #manifest(): Op {
    const listed = NAMES.filter(() => this.#random.below(3) > 0).map((name) => ({
      name,
      definition: this.#definition(),
    }));
    const left = NAMES.filter((name) => !listed.some((each) => each.name === name));
    const services = listed.map(({ name, definition }) => ({ name, ...definition.body }));
    const writes = listed.flatMap(({ name, definition }): Op["writes"] => [
      ...this.#defines(name, definition),
      { service: name, field: "enabled", value: true },
    ]);
    writes.push(...left.map((service) => ({ service, field: "exists" as const, value: false })));
    return { method: "PUT", path: `/api/projects/${this.#project}/manifest`, body: { services }, writes };
  }

  #containerEvent(): Op {
    const running = CONTAINERS.filter(() => this.#random.below(3) > 0);
    const services = running.map((name) => ({
      project: `k-${this.#agent}`,
      name,
      health_method: "container",
      container_id: `id-${this.#unique++}`,
    }));
    const writes = CONTAINERS.map((service) => ({ service, field: "runs" as const, value: running.includes(service) }));
    return { method: "PUT", path: `/api/agents/${this.#agent}/services`, body: { services }, writes };
  }

  /** Every second one dies on its way. */
  async #perform({ method, path, body, writes, perhaps = [] }: Op): Promise<void> {
    const calls = this.#random.below(2) === 0 ? Number.POSITIVE_INFINITY : this.#random.below(14);
    const mortal = dyingEnv(natsEnv, calls, this.#random.below(2) === 0);
    const from = this.#step++;
    const later: Promise<unknown>[] = [];
    const ctx = { waitUntil: (work: Promise<unknown>) => void later.push(work), passThroughOnException: () => {} };
    const request = new Request(`http://hub${path}`, {
      method,
      headers: HEADERS,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = async () => (await worker.fetch(request as never, mortal, ctx as never)).status;
    const status = await answer().catch(() => 500);
    await Promise.allSettled(later);
    const to = this.#step++;
    if (status >= 400 && status < 500) return; // 404, 409: nothing was changed
    const note = (all: Op["writes"], maybe: boolean) =>
      this.#writes.push(...all.map((each) => ({ ...each, from, to, maybe })));
    note(writes, status >= 500);
    note(perhaps, true);
  }

  /** What the field may have in the end: no write that is proven came after it. Undefined: nobody wrote it. */
  possible(service: string, field: Field): unknown[] | undefined {
    const writes = this.#writes.filter((write) => write.service === service && write.field === field);
    if (!writes.some(({ maybe }) => !maybe)) return undefined;
    const isHidden = (write: Write) => writes.some((other) => !other.maybe && other.from > write.to);
    return writes.filter((write) => !isHidden(write)).map(({ value }) => value);
  }
}

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  await until(async () => expect(await boardOf(env).toPlan()).not.toBeNull());
});

async function api<T>(method: string, path: string, body: object): Promise<T> {
  const init = { method, headers: HEADERS, body: JSON.stringify(body) };
  const ctx = { waitUntil: () => {}, passThroughOnException: () => {} };
  return await (await worker.fetch(new Request(`http://hub${path}`, init) as never, natsEnv, ctx as never)).json();
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await boardOf(env).read([]);
    await catchUp(hub, 0);
    await tellNats(hub);
  }
}

function actual(row: ServiceRow | undefined, field: Field): unknown {
  if (field === "exists") return row !== undefined;
  return field === "runs" ? row?.gone_since === null : row?.[field];
}

function checkFields(model: Model, rows: readonly ServiceRow[]): void {
  const byName = new Map(rows.map((row) => [row.name, row]));
  for (const service of [...NAMES, ...CONTAINERS]) {
    const row = byName.get(service);
    for (const field of ["exists", "tags", "metadata", "health_interval", "enabled", "runs"] as const) {
      const possible = model.possible(service, field);
      if (possible === undefined || (row === undefined && field !== "exists")) continue;
      expect(possible, `${service}.${field}`).toContainEqual(actual(row, field));
    }
  }
}

/** Only the current lane of a watched service may have a status for it. */
async function checkLanes(rows: readonly ServiceRow[]): Promise<void> {
  for (const row of rows) {
    for (const lane of row.lanes) {
      const record = await runInDurableObject(laneMonitorOf(env, lane) as never, (_, { storage }) =>
        storage.kv.get<LaneRecord>(`service:${row.id}`),
      );
      const isActive = record?.left === null && record.state?.closed === false && record.state.status !== "unknown";
      if (isActive) expect({ lane, watched: isWatched(row) }, `${row.name}`).toEqual({ lane: row.lane, watched: true });
    }
  }
}

interface Announced {
  subject: string;
  service_id: number;
  payload: { seq?: number };
}

/** Registrations and their ends follow each other, flips are in order, and the last word is true. */
async function checkAnnouncements(rows: readonly ServiceRow[]): Promise<void> {
  const events = await runInDurableObject(bridgeOf(env) as never, (_, { storage }) =>
    storage.sql
      .exec<{ event: string }>("SELECT event FROM outbox ORDER BY id")
      .toArray()
      .map(({ event }) => JSON.parse(event) as Announced),
  );
  const last = new Map<number, string>();
  const flips = new Map<number, number>();
  for (const { subject, service_id, payload } of events) {
    const kind = subject.split(".").at(-1) ?? "";
    if (payload.seq !== undefined) {
      expect(payload.seq, `flip of ${service_id}`).toBeGreaterThan(flips.get(service_id) ?? 0);
      flips.set(service_id, payload.seq);
    }
    if (!["registered", "deregistered"].includes(kind)) continue;
    expect(last.get(service_id) ?? "deregistered", `${subject} of ${service_id}`).not.toBe(kind);
    last.set(service_id, kind);
  }
  expect(last.size).toBeGreaterThan(0);
  expect(flips.size).toBeGreaterThan(0);
  for (const row of rows) expect(last.get(row.id) === "registered", row.name).toBe(isWatched(row));
}

/** Each service that reports of itself is heard, wherever its state was. */
async function beatAll(rows: readonly ServiceRow[]): Promise<void> {
  for (const { id } of rows.filter((row) => isWatched(row) && row.health_method === "heartbeat")) {
    const { status } = await api<{ status: string }>("POST", `/api/services/${id}/heartbeat`, { status: "pass" });
    expect(status).toBe("up");
  }
}

it.each(SEEDS)("what was answered with success is kept, and everybody agrees (seed %i)", async (seed) => {
  const silent = [vi.spyOn(console, "error"), vi.spyOn(console, "warn")].map((spy) => spy.mockImplementation(() => {}));
  const agent = `dc-${seed}`;
  await api("PUT", `/api/agents/${agent}`, {});
  const [m, k] = [`m-${agent}`, `k-${agent}`];
  const project = (await api<{ id: number }>("POST", "/api/projects", { name: m })).id;
  const containers = (await api<{ id: number }>("POST", "/api/projects", { name: k })).id;
  const model = new Model(seed, { project, containers, agent });
  await model.play();
  await settle();
  const rows = [...(await projectServices(db, project)), ...(await projectServices(db, containers))];
  checkFields(model, rows);
  const entries = (await boardOf(env).entries()).filter(({ check }) => [m, k].includes(check.project));
  const onBoard = entries.map(({ check: { name, rev, lane } }) => ({ name, rev, lane }));
  const watched = rows.filter(isWatched).map(({ name, rev, lane }) => ({ name, rev, lane }));
  const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
  expect(onBoard.toSorted(byName)).toEqual(watched.toSorted(byName));
  await beatAll(rows);
  await checkLanes(rows);
  await checkAnnouncements(rows);
  for (const spy of silent) spy.mockRestore();
});
