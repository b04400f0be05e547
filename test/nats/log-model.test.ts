/**
 * Services flip, come and go at random, writers die between any two of their calls, and two readers of the log are slow,
 * fail, are evicted or stay away. In the end each reader has heard everything once and in order, and the log is as long as
 * it says.
 */
import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import { isWatched } from "../../src/core/board/service-view.ts";
import { type EventLog, LOG_START, type LoggedEvent } from "../../src/core/hub/events.ts";
import type { Status } from "../../src/core/service/records.ts";
import type { ProjectRow, ServiceRow } from "../../src/core/service/service-row.ts";
import type { RecordedFlip } from "../../src/core/status/recorded-flip.ts";
import { LogReader } from "../../src/nats/log-reader.ts";
import { type DurableEvent, durableEvent } from "../../src/nats/messages.ts";
import { Outbox } from "../../src/nats/outbox.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { type Db, openDatabase } from "../../src/store/database.ts";
import { eventLog, eventsAfter, oldEvents } from "../../src/store/events.ts";
import { recordOutcomes } from "../../src/store/history/outcomes.ts";
import { projectServices } from "../../src/store/registry/manifest.ts";
import { pauseService } from "../../src/store/registry/pauses.ts";
import { setProjectStatus, updateProject } from "../../src/store/registry/projects.ts";
import { createService, deleteService, updateService } from "../../src/store/registry/services.ts";
import { dyingEnv } from "../objects/dying-env.ts";
import { type Random, randomOf } from "../random.ts";
import { addProject, flipOf, message, migratedDatabase, NOW, serviceInput } from "../store/fixtures.ts";

const SEEDS = [3, 8, 13, 21];
const STEPS = 150;
const HUB_ID = "hub-a";
const NAMES = ["a", "b", "c", "d"];
const DAYS_30 = 30 * 86_400_000;

afterEach(() => void vi.restoreAllMocks());

/** What a lane has of a service: its status, and the flips of which it does not know that they are stored. */
interface Lane {
  rev: number;
  seq: number;
  status: Status;
  held: RecordedFlip[];
}

class World {
  readonly #db: Db;
  readonly #random: Random;
  readonly #project: ProjectRow;
  readonly #lanes = new Map<number, Lane>();
  /** Messages that the queue may deliver again. */
  readonly #sent: RecordedFlip[][] = [];

  constructor(db: Db, project: ProjectRow, random: Random) {
    this.#db = db;
    this.#project = project;
    this.#random = random;
  }

  /** One change. Every third one dies on its way: it has happened or not, and nobody knows. */
  async step(): Promise<void> {
    const { below } = this.#random;
    const calls = below(3) === 0 ? below(4) : Number.POSITIVE_INFINITY;
    const db = openDatabase(dyingEnv(env as never, calls, below(2) === 0).DB);
    await this.#change(db).catch(() => {});
  }

  async #change(db: Db): Promise<void> {
    const { below, one } = this.#random;
    const rows = await projectServices(this.#db, this.#project.id);
    const row = rows.length === 0 ? undefined : one(rows);
    const kind = below(12);
    if (kind < 6 && row !== undefined) return await this.#flip(db, row);
    if (kind === 6) return await this.#store(db, one([[], ...this.#sent]));
    if (kind === 7 || rows.length < 3)
      return void (await createService(db, this.#project.id, serviceInput({ name: one(NAMES) }), NOW));
    if (kind === 8)
      return void (await setProjectStatus(db, this.#project.id, one(["running", "running", "stopped"]), NOW));
    if (kind === 9) return void (await updateProject(db, this.#project.id, { name: one(["shop", "store"]) }, NOW));
    if (row !== undefined) await this.#end(db, row);
  }

  /** The lane hands its flips over until it knows that they are stored. */
  async #flip(db: Db, row: ServiceRow): Promise<void> {
    if (!isWatched(row)) return;
    const lane = this.#laneOf(row);
    lane.seq += 1;
    const to = lane.status === "up" ? "down" : "up";
    lane.held.push({ ...flipOf(row, lane.seq, lane.status, to, NOW + lane.seq), project: row.project });
    lane.status = to;
    this.#sent.push([...lane.held]);
    await this.#store(db, lane.held);
    lane.held = [];
  }

  async #store(db: Db, flips: readonly RecordedFlip[]): Promise<void> {
    if (flips.length > 0)
      await recordOutcomes(db, [{ ...message(1, NOW, [], { flips: [...flips] }), epoch: flips[0]?.epoch ?? "" }]);
  }

  async #end(db: Db, row: ServiceRow): Promise<void> {
    const { below } = this.#random;
    const kind = below(4);
    if (kind === 0) return void (await deleteService(db, row.id));
    if (kind === 1) return void (await pauseService(db, row.id, NOW + 60_000, NOW));
    if (kind === 2) return void (await updateService(db, row.id, { name: `${row.name}${below(10)}` }, NOW));
    await updateService(db, row.id, { enabled: !row.enabled }, NOW);
  }

  /** A lane begins with what is stored, and hears before its next flip that the watch had ended. */
  #laneOf(row: ServiceRow): Lane {
    const known = this.#lanes.get(row.id);
    const isBehind = (lane: Lane) => lane.seq < row.flip_seq || (lane.seq === row.flip_seq && lane.rev !== row.rev);
    if (known !== undefined && !isBehind(known)) return Object.assign(known, { rev: row.rev });
    const lane = { rev: row.rev, seq: row.flip_seq, status: row.status, held: [] };
    this.#lanes.set(row.id, lane);
    return lane;
  }
}

interface Part {
  storage: DurableObjectStorage;
  outbox: Outbox;
  reader: LogReader;
}

/** A consumer of the log. Its object is evicted at random, and what it delivers is kept here. */
class Consumer {
  readonly #stub = env.NATS_BRIDGE.get(env.NATS_BRIDGE.newUniqueId());
  readonly #random: Random;
  readonly delivered: DurableEvent[] = [];
  #part: Part | null = null;

  constructor(random: Random) {
    this.#random = random;
  }

  async #inObject<T>(use: (part: Part) => Promise<T>): Promise<T> {
    return await runInDurableObject(this.#stub, async (_, { storage }) => {
      this.#part ??= this.#made(storage);
      return await use(this.#part);
    });
  }

  async readUpTo(): Promise<number> {
    return await this.#inObject(async ({ reader }) => reader.readUpTo);
  }

  #made(storage: DurableObjectStorage): Part {
    const outbox = new Outbox(storage, 230);
    const log = this.#failing(eventLog(openDatabase(env.DB)));
    const deps = { storage, log, clock: systemClock, hubId: HUB_ID, outbox };
    return { storage, outbox, reader: new LogReader({ ...deps, mayDrop: () => false, added: () => {} }) };
  }

  #failing(log: EventLog): EventLog {
    const perhaps = async <T>(work: () => Promise<T>): Promise<T> => {
      if (this.#random.below(6) === 0) throw new Error("no answer");
      const result = await work();
      if (this.#random.below(6) === 0) throw new Error("the answer was lost");
      return result;
    };
    return {
      after: (position, limit, since) => perhaps(() => log.after(position, Math.min(limit, 7), since)),
      start: () => perhaps(() => log.start()),
      whole: () => perhaps(() => log.whole()),
    };
  }

  async turn(): Promise<void> {
    const { below } = this.#random;
    const kind = below(8);
    if (kind === 0) this.#part = null; // evicted
    await this.#inObject(async (part) => {
      const { reader, storage } = part;
      if (kind === 1) storage.sql.exec("ALTER TABLE outbox RENAME TO away");
      if (kind < 6) await Promise.all([reader.read(), reader.read()]);
      if (kind === 1) storage.sql.exec("ALTER TABLE away RENAME TO outbox");
      if (kind > 3) this.#deliver(part, below(9));
    });
  }

  async finish(): Promise<void> {
    await this.#inObject(async (part) => {
      let before = -1;
      for (let calm = 0; calm < 30; calm = part.reader.readUpTo === before ? calm + 1 : 0) {
        before = part.reader.readUpTo;
        await part.reader.read();
        this.#deliver(part, Number.POSITIVE_INFINITY);
      }
    });
  }

  #deliver({ storage, outbox }: Part, most: number): void {
    const rows = storage.sql.exec<{ id: number; event: string }>("SELECT id, event FROM outbox ORDER BY id").toArray();
    const sent = rows.slice(0, Number.isFinite(most) ? most : rows.length);
    for (const { event } of sent) {
      const { code: _code, chain: _chain, ...named }: DurableEvent & { chain?: number } = JSON.parse(event);
      this.delivered.push(named);
    }
    outbox.remove(sent.map(({ id }) => id));
  }
}

async function wholeLog(db: Db): Promise<LoggedEvent[]> {
  const { events, more, unread } = await eventsAfter(db, LOG_START, 10_000);
  expect({ more, unread }).toEqual({ more: false, unread: 0 });
  return events;
}

/** Registrations and ends of a service alternate, and the last word is what the registry says. */
function checkRegistrations(events: readonly LoggedEvent[], rows: readonly ServiceRow[]): void {
  const registered = new Map<number, boolean>();
  for (const { kind, body } of events) {
    if (kind === "flip") expect(registered.get(body.service_id), `flip of ${body.service_id}`).toBe(true);
    if (kind !== "registered" && kind !== "deregistered") continue;
    expect(registered.get(body.service_id) ?? false, `${kind} ${body.service_id}`).toBe(kind === "deregistered");
    registered.set(body.service_id, kind === "registered");
  }
  const watched = rows.filter(isWatched).map(({ id }) => id);
  expect(
    [...registered]
      .filter(([, is]) => is)
      .map(([id]) => id)
      .toSorted((a, b) => a - b),
  ).toEqual(watched.toSorted((a, b) => a - b));
}

/** The flips of a service are in order, each once, and the last one says the status that the registry has. */
function checkFlips(events: readonly LoggedEvent[], rows: readonly ServiceRow[]): void {
  const last = new Map<number, RecordedFlip>();
  for (const event of events) {
    if (event.kind !== "flip") continue;
    const { service_id, seq } = event.body;
    expect(seq, `flip of ${service_id}`).toBeGreaterThan(last.get(service_id)?.seq ?? 0);
    last.set(service_id, event.body);
  }
  for (const { id, status, flip_seq } of rows) {
    expect({ id, to: last.get(id)?.to ?? "unknown", seq: last.get(id)?.seq ?? 0 }).toEqual({
      id,
      to: status,
      seq: flip_seq,
    });
  }
}

it.each(SEEDS)("each reader hears everything once and in order (seed %i)", async (seed) => {
  for (const level of ["warn", "error"] as const) vi.spyOn(console, level).mockImplementation(() => {});
  await reset();
  const db = await migratedDatabase();
  const project = await addProject(db, "shop");
  const random = randomOf(seed);
  const world = new World(db, project, random);
  const consumers = [new Consumer(random), new Consumer(random)];
  for (const consumer of consumers) await consumer.finish(); // they begin with nothing
  const start = (await wholeLog(db)).length;
  for (let step = 0; step < STEPS; step++) {
    await world.step();
    if (random.below(3) === 0) await consumers[0]?.turn();
    if (step > STEPS / 2 && random.below(2) === 0) await consumers[1]?.turn(); // it was away before
  }
  const events = await wholeLog(db);
  expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
  checkRegistrations(events, await projectServices(db, project.id));
  checkFlips(events, await projectServices(db, project.id));
  expect(events.length).toBeGreaterThan(30);
  const told = events.slice(start).flatMap((event) => durableEvent(HUB_ID, event) ?? []);
  expect(new Set(told.map(({ id }) => id)).size).toBe(told.length); // or JetStream takes one for the repeat of another
  for (const consumer of consumers) {
    await consumer.finish();
    expect(consumer.delivered).toEqual(told);
    expect(await consumer.readUpTo()).toBe(events.at(-1)?.id);
  }
  const last = events.at(-1)?.id ?? 0;
  await db.run(oldEvents(Date.now() + DAYS_30 + 1_000, 10_000, last));
  expect(await wholeLog(db)).toEqual(events.slice(-1));
});
