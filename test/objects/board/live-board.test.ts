/** The live board in the runtime, driven over its own methods. */
import { applyD1Migrations, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { unknownState } from "../../../src/core/board/board-entry.ts";
import type { LiveState } from "../../../src/core/service/records.ts";
import { UNJUDGED } from "../../../src/core/service/unreadable.ts";
import type { LiveBoard } from "../../../src/objects/board/live-board.ts";
import { MAX_UNACKNOWLEDGED_CHARS, MAX_UNHEARD_OF_ALL } from "../../../src/objects/sockets/socket-sender.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { aCheck, aRecordedFlip, T0 } from "../../core/fixtures.ts";
import { damage } from "../../store/damaged-rows.ts";
import { addProject, addService } from "../../store/fixtures.ts";
import { until } from "../../until.ts";

let stub: DurableObjectStub<LiveBoard>;
beforeEach(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  stub = env.LIVE_BOARD.get(env.LIVE_BOARD.newUniqueId());
});

const gone = (service_id: number) => ({ service_id, epoch: "", rev: null });
const state = (over: Partial<LiveState> = {}): LiveState => ({
  ...unknownState(T0),
  status: "up",
  last_at: T0,
  ...over,
});

async function watch(query = "", headers: Record<string, string> = {}) {
  const response = await stub.fetch(`http://board/ws${query}`, { headers: { upgrade: "websocket", ...headers } });
  const socket = response.webSocket;
  if (socket === null) throw new Error(`no socket: ${response.status}`);
  const texts: string[] = [];
  const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
  socket.addEventListener("message", ({ data }) => void texts.push(String(data)));
  socket.accept();
  const frames = () => texts.filter((text) => text !== "pong").map((text) => JSON.parse(text));
  return { socket, texts, frames, closed };
}

describe("a watcher", () => {
  it("that is no number is refused with the field's name", async () => {
    const response = await stub.fetch("http://board/ws?since=yesterday", { headers: { upgrade: "websocket" } });
    expect(response.status).toBe(400);
    expect(await response.text()).toBe("since: expected a number");
  });

  it("of one service hears of nobody else", async () => {
    await stub.add([aCheck({ service_id: 1 }), aCheck({ service_id: 2, project_id: 9 })], []);
    const one = await watch("?service=1");
    const project = await watch("?project=9");
    await stub.apply({
      epoch: "",
      items: [
        [1, state()],
        [2, state()],
      ],
      flips: [],
    });
    const flip = aRecordedFlip({ service_id: 1, from: "up", to: "unknown", reason: "container stopped" });
    await stub.remove([gone(1), gone(404)], [flip, { ...flip, service_id: 404 }]);
    await until(() => expect(one.frames().at(-1)).toMatchObject({ type: "deregistered", service: { id: 1 } }));
    expect(one.frames()[0]).toMatchObject({ type: "snapshot", services: [{ id: 1 }] });
    expect(one.frames()[1]).toMatchObject({ type: "health", services: [{ id: 1 }] });
    expect(one.frames()[2]).toMatchObject({ type: "flip", service_id: 1, reason: "container stopped" });
    expect(one.frames()).toHaveLength(4);
    expect(project.frames()).toMatchObject([
      { type: "snapshot", services: [{ id: 2 }] },
      { type: "health", services: [{ id: 2 }] },
    ]);
  });

  it("that was away gets what it missed, and a snapshot when that is too long ago", async () => {
    await stub.add([aCheck()], [7]);
    const first = await watch();
    await until(() => expect(first.frames()).toHaveLength(1));
    const { seq } = first.frames()[0];
    await stub.apply({ epoch: "", items: [[7, state()]], flips: [] });
    const from = async (since: number) => {
      const { frames, socket, texts } = await watch(`?since=${since}`);
      socket.send("ping");
      await until(() => expect(texts.at(-1)).toBe("pong"));
      return frames();
    };
    expect(await from(seq)).toMatchObject([{ type: "health", seq: seq + 1 }]);
    expect(await from(seq + 1)).toEqual([]);
    expect(await from(5)).toMatchObject([{ type: "snapshot", seq: seq + 1 }]);
    expect(await from(seq + 9)).toMatchObject([{ type: "snapshot" }]);
  });

  it("that takes nothing any more is dropped, one that pings is not", async () => {
    const check = aCheck();
    await stub.add([check], []);
    const stuck = await watch();
    const alive = await watch();
    const bulky = { ...check, name: "x".repeat(1_000_000) };
    let rev = check.rev;
    for (let sent = 0; sent <= MAX_UNACKNOWLEDGED_CHARS + 2_000_000; sent += 1_000_000) {
      alive.socket.send("ping");
      await until(() => expect(alive.texts.at(-1)).toBe("pong"));
      await stub.remove([{ service_id: 7, epoch: "", rev: rev++ }], []);
      await stub.add([{ ...bulky, rev }], [7]);
    }
    expect(await stuck.closed).toMatchObject({ code: 1013, reason: expect.stringContaining("too slow") });
    expect(await stub.report()).toMatchObject({ watchers: 1 });
    alive.socket.close(1000);
    await until(async () => expect(await stub.report()).toMatchObject({ watchers: 0 }));
  });
});

describe("many watchers", () => {
  it("that never say a word are closed when too much is under way to all of them, others stay", async () => {
    const check = aCheck();
    await stub.add([check], []);
    const mute = await Promise.all(Array.from({ length: 8 }, () => watch()));
    const alive = await watch();
    const bulky = { ...check, name: "x".repeat(1_000_000) };
    let rev = check.rev;
    const say = async () => {
      alive.socket.send("ping");
      await until(() => expect(alive.texts.at(-1)).toBe("pong"));
      await stub.remove([{ service_id: 7, epoch: "", rev: rev++ }], []);
      await stub.add([{ ...bulky, rev }], [7]);
    };
    for (let sent = 0; sent < 2 * MAX_UNHEARD_OF_ALL; sent += mute.length * 2_000_000) await say();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 91_000 });
    await say();
    vi.useRealTimers();
    const closed = await Promise.race(mute.map((each) => each.closed));
    expect(closed).toMatchObject({ code: 1013 });
    await say();
    expect(alive.socket.readyState).toBe(WebSocket.OPEN);
  });

  it("that come at once get the same snapshot, made once, until something changes", async () => {
    await stub.add([aCheck()], []);
    const first = await Promise.all([watch(), watch()]);
    await until(() => expect(first.map(({ texts }) => texts.length)).toEqual([1, 1]));
    expect(first[0]?.texts[0]).toBe(first[1]?.texts[0]);
    await stub.add([aCheck({ name: "renamed" })], []);
    const later = await watch();
    await until(() => expect(later.frames()[0]).toMatchObject({ services: [{ name: "renamed" }] }));
  });
});

describe("the report", () => {
  it("tells what the pipeline last did and the shortest interval", async () => {
    expect(await stub.report()).toMatchObject({ planned_at: null, probed_at: null, shortest_interval: null });
    await stub.planned(T0);
    await stub.recorded(T0 + 1);
    await stub.add([aCheck({ service_id: 1 }), aCheck({ service_id: 2, health_interval: 10 })], []);
    await stub.apply({ epoch: "", items: [[1, state()]], flips: [] });
    expect(await stub.report()).toMatchObject({
      planned_at: T0,
      recorded_at: T0 + 1,
      probed_at: expect.any(Number),
      shortest_interval: 10,
    });
  });

  it("counts results that are not recorded for a day, each once, and forgets the revived", async () => {
    const at = Date.now();
    const queue = "hub-outcomes-dead";
    await stub.deadLettered([
      { id: "a", queue, at },
      { id: "b", queue, at: at - 86_400_001 },
    ]);
    await stub.deadLettered([{ id: "a", queue, at }]);
    const lost = `1 batch of results is not recorded, the last at ${new Date(at).toISOString()}`;
    expect(await stub.report()).toMatchObject({ dead_letters: 1, lost });
    await stub.deadLettered([{ id: "a", queue, at, reason: "the database is full" }]);
    expect(await stub.report()).toMatchObject({ dead_letters: 1, lost: `${lost} (the database is full)` });
    await stub.revived(["nobody"]);
    await stub.revived(["a"]);
    expect(await stub.report()).toMatchObject({ dead_letters: 0, lost: null });
  });

  it("counts lost rounds for ten minutes: the next ones were planned in time", async () => {
    const at = Date.now();
    const rounds = [0, 1, 600_001].map((age) => ({ id: `r${age}`, queue: "hub-probes-dead", at: at - age }));
    await stub.deadLettered(rounds);
    const lost = `2 rounds of checks were lost, the last at ${new Date(at).toISOString()}`;
    expect(await stub.report()).toMatchObject({ dead_letters: 2, lost });
  });
});

describe("tickets", () => {
  it("are good once", async () => {
    const ticket = await stub.issueTicket({ scope: "read", key: 7, projects: null });
    await evictDurableObject(stub);
    expect(await stub.redeemTicket(ticket)).toEqual({ scope: "read", key: 7, projects: null });
    expect(await stub.redeemTicket(ticket)).toBeNull();
  });
});

describe("a key that is revoked", () => {
  it("loses its tickets, and its sockets are closed, also after an eviction; others stay", async () => {
    const ticket = await stub.issueTicket({ scope: "read", key: 7, projects: null });
    const opened = await Promise.all(
      ["7", "8", null].map((key) => watch("", key === null ? {} : { "x-hub-key": key })),
    );
    await evictDurableObject(stub);
    await stub.closeKey(7);
    expect(await stub.redeemTicket(ticket)).toBeNull();
    expect(await opened[0]?.closed).toMatchObject({ code: 1008, reason: "the key was revoked" });
    await stub.add([aCheck()], [7]);
    for (const { frames } of opened.slice(1)) {
      await until(() => expect(frames().at(-1)).toMatchObject({ type: "registered" }));
    }
  });
});

describe("a board whose database is away", () => {
  it("goes on with what it hears and has the others once the database is back", async () => {
    await env.DB.exec("ALTER TABLE services RENAME TO services_away");
    const board = env.LIVE_BOARD.get(env.LIVE_BOARD.newUniqueId());
    expect(await board.entries()).toEqual([]);
    await board.add([aCheck()], []);
    expect(await board.apply({ epoch: "", items: [[7, state()]], flips: [] })).toEqual([]);
    expect(await board.read([7, 8])).toMatchObject([{ id: 7, live: { status: "up" } }]);
    await env.DB.exec("ALTER TABLE services_away RENAME TO services");
  });
});

it("an alarm that finds nobody overdue waits for the next deadline", async () => {
  await stub.add([aCheck({ health_interval: 3_600 })], []);
  await stub.apply({ epoch: "", items: [[7, state({ last_at: Date.now() })]], flips: [] });
  await runInDurableObject(stub, async (board, ctx) => {
    const armed = await ctx.storage.getAlarm();
    expect(armed).toBeGreaterThan(Date.now() + 3_600_000);
    await board.alarm();
    expect(await ctx.storage.getAlarm()).toBe(armed);
  });
});

it("a shorter interval makes nobody silent who kept to the longer one", async () => {
  const heartbeat = aCheck({ health_method: "heartbeat", health_interval: 3_600, lane: 3_050_000 });
  await stub.add([heartbeat], []);
  const beatAt = Date.now() - 1_800_000;
  await stub.apply({ epoch: "", items: [[7, state({ since: beatAt, last_at: beatAt })]], flips: [] });
  await stub.add([{ ...heartbeat, health_interval: 60, rev: 2 }], []);
  await runInDurableObject(stub, async (board, ctx) => {
    await board.alarm();
    expect(await ctx.storage.getAlarm()).toBeGreaterThan(Date.now() + 55_000);
  });
  expect(await stub.read([7])).toMatchObject([{ live: { status: "up" } }]);
});

it("the board names stored checks that can't work, and those that could not be read", async () => {
  await stub.add([aCheck({ service_id: 1, health_options: { body: "x" } }), aCheck({ service_id: 2 })], []);
  await stub.unjudged([{ service_id: 3, place: "p/new", error: "health_method: not known" }]);
  expect((await stub.report()).unfit).toEqual({
    count: 2,
    first: [
      "service 3 can't be judged: health_method: not known",
      "service 1: health_options.body: GET sends no body: set method to POST",
    ],
  });
});

it("a board that wakes up names a service whose options can't be read, and plans the others", async () => {
  const project = await addProject(openDatabase(env.DB), "damaged");
  const [broken, fine] = [
    await addService(openDatabase(env.DB), project, { name: "broken" }),
    await addService(openDatabase(env.DB), project, { name: "fine" }),
  ];
  await damage(broken.id, { column: "health_options", value: "'{'" });
  await damage(fine.id, { column: "lanes", value: "'null'" });
  const board = env.LIVE_BOARD.get(env.LIVE_BOARD.newUniqueId());
  expect((await board.report()).unfit).toMatchObject({
    count: 2,
    first: [
      expect.stringMatching(`^service ${broken.id} can't be judged: health_options: `),
      expect.stringMatching(`^service ${fine.id}: lanes: `),
    ],
  });
  expect(await board.read([broken.id])).toMatchObject([{ live: { status: "unknown", error: UNJUDGED } }]);
  expect((await board.toPlan())?.map(({ service_id }) => service_id)).toContain(fine.id);
  await board.unjudged([{ service_id: broken.id, place: "damaged/broken", error: "seen by the planner" }]);
  expect((await board.report()).unfit.count).toBe(2);
});

it("the board lets a service be checked as a cause once in five seconds, and never while it is down", async () => {
  await stub.add([aCheck({ service_id: 1 }), aCheck({ service_id: 2, recorded_status: "down" })], []);
  await stub.apply({ epoch: "", items: [[2, state({ status: "down" })]], flips: [] });
  expect(await stub.claimCauses([1, 2, 404])).toEqual([1]);
  expect(await stub.claimCauses([1])).toEqual([]);
});
