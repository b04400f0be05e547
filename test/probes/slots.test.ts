import { afterEach, expect, it, vi } from "vitest";
import { LOCAL_SLOTS, type SlotLimits, WORKER_SLOTS } from "../../src/core/lane/slots.ts";
import { LAST_START_MS } from "../../src/core/time/durations.ts";
import { HungHosts } from "../../src/probes/hung-hosts.ts";
import { Crowded, NoSlot, type Seat, Slots } from "../../src/probes/slots.ts";

const LIMITS: SlotLimits = { total: 6, tcp: 3, perHost: 3, hung: 2, heldMs: 25_000 };
const patienceMs = LAST_START_MS;

/** Tasks that stay until they are let go, and how many run. */
function crowd(slots: Slots) {
  let running = 0;
  let most = 0;
  const release: (() => void)[] = [];
  const enter = (kind: "http" | "tcp", host: string) =>
    slots.run({ kind, host, patienceMs }, async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((done) => release.push(done));
      running -= 1;
    });
  /** Lets everyone go, until all of these are through. */
  const drain = async (all: Promise<void>[]) => {
    let through = false;
    const done = Promise.all(all).then(() => {
      through = true;
    });
    while (!through) {
      release.shift()?.();
      await tick();
    }
    await done;
  };
  return { enter, drain, running: () => running, most: () => most };
}

const tick = () => new Promise((done) => setTimeout(done));

it("lets six run in all, three to a host and three raw sockets", async () => {
  const sameHost = crowd(new Slots(LIMITS));
  const one = Array.from({ length: 5 }, () => sameHost.enter("http", "a:80"));
  await tick();
  expect(sameHost.running()).toBe(3);
  await sameHost.drain(one);

  const manyHosts = crowd(new Slots(LIMITS));
  const many = Array.from({ length: 20 }, (_, n) => manyHosts.enter("http", `h${n}:80`));
  await tick();
  expect(manyHosts.running()).toBe(6);
  await manyHosts.drain(many);
  expect(manyHosts.most()).toBe(6);

  const sockets = crowd(new Slots(LIMITS));
  const raw = Array.from({ length: 5 }, (_, n) => sockets.enter("tcp", `h${n}:1`));
  await tick();
  expect(sockets.running()).toBe(3);
  await sockets.drain(raw);
});

it("lets those pass whose host has room", async () => {
  const slots = crowd(new Slots({ ...LIMITS, total: 4, tcp: 4, perHost: 1 }));
  const all = [slots.enter("http", "busy:1"), slots.enter("http", "busy:1"), slots.enter("http", "free:1")];
  await tick();
  expect(slots.running()).toBe(2);
  await slots.drain(all);
});

it("frees the slot of a task that throws", async () => {
  const slots = new Slots({ ...LIMITS, total: 1 });
  const wanted = { kind: "tcp", host: "a:1", patienceMs } as const;
  await expect(slots.run(wanted, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  await expect(slots.run(wanted, async () => "next")).resolves.toBe("next");
});

const S = 1_000;
const never = new Promise<never>(() => {});
const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

afterEach(() => void vi.useRealTimers());

/** Probes on a fake clock that begins at 0, and when each began and ended. */
function onFakeClock(limits: SlotLimits, hosts = new HungHosts()) {
  vi.useFakeTimers({ now: 0 });
  const slots = new Slots(limits, hosts);
  const began = new Map<string, number>();
  const ended = new Map<string, number>();
  const given: string[] = [];
  const probe = async (name: string, task: (seat: Seat) => Promise<void>, kind: "http" | "tcp" = "tcp") => {
    const [host = name] = name.split("/");
    try {
      await slots.run({ kind, host, patienceMs }, async (seat) => {
        began.set(name, Date.now());
        await task(seat);
      });
    } catch (error) {
      if (!(error instanceof NoSlot)) throw error;
      given.push(error.message);
    }
    ended.set(name, Date.now());
  };
  /** Hangs for its timeout, and lets its connection go when the promise is settled. */
  const hole = (timeoutMs: number, free: Promise<unknown>) => async (seat: Seat) => {
    seat.until(free);
    await sleep(timeoutMs);
    seat.hung();
  };
  return { began, ended, given, probe, hole };
}
const quick = async () => {};

it("counts a slot as taken until its connection is free, not until the probe has timed out", async () => {
  const { began, ended, probe, hole } = onFakeClock({ ...LIMITS, tcp: 1 });
  void probe("hole", hole(5 * S, sleep(19 * S)));
  void probe("neighbour", quick);
  await vi.advanceTimersByTimeAsync(18 * S);
  expect([...ended]).toEqual([["hole", 5 * S]]);
  await vi.advanceTimersByTimeAsync(2 * S);
  expect(began.get("neighbour")).toBe(19 * S);
});

it("counts a connection that is refused as free", async () => {
  const { began, probe, hole } = onFakeClock({ ...LIMITS, tcp: 1 });
  void probe("hole", hole(5 * S, Promise.reject(new Error("refused"))));
  void probe("neighbour", quick);
  await vi.advanceTimersByTimeAsync(6 * S);
  expect(began.get("neighbour")).toBe(5 * S);
});

it("counts a connection that never ends as free 25 s after its probe", async () => {
  const { began, probe, hole } = onFakeClock({ ...LIMITS, tcp: 1 });
  void probe("hole", hole(5 * S, never));
  void probe("neighbour", quick);
  await vi.advanceTimersByTimeAsync(60 * S);
  expect(began.get("neighbour")).toBe(30 * S);
});

it("keeps hosts that hung apart, and lets their neighbours pass", async () => {
  const hosts = new HungHosts();
  const { began, probe, hole } = onFakeClock(WORKER_SLOTS, hosts);
  for (const host of ["a:1", "b:1", "c:1"]) hosts.add(host);
  for (const name of ["a:1/1", "a:1/2", "b:1", "c:1"]) void probe(name, hole(60 * S, sleep(80 * S)));
  for (let n = 0; n < 8; n++) void probe(`healthy${n}`, () => sleep(S));
  await vi.advanceTimersByTimeAsync(20 * S);
  expect([...began.keys()].filter((name) => !name.startsWith("healthy"))).toEqual(["a:1/1", "a:1/2"]);
  expect([...began.keys()].filter((name) => name.startsWith("healthy"))).toHaveLength(8);
  await vi.advanceTimersByTimeAsync(65 * S);
  expect([began.get("b:1"), began.get("c:1")]).toEqual([80 * S, 80 * S]);
});

it("knows a host that hung in another invocation until it answers", async () => {
  const hosts = new HungHosts();
  const before = onFakeClock(WORKER_SLOTS, hosts);
  void before.probe("a:1", before.hole(5 * S, sleep(20 * S)));
  await vi.advanceTimersByTimeAsync(6 * S);
  expect(hosts.has("a:1")).toBe(true);
  void before.probe("a:1", quick);
  await vi.advanceTimersByTimeAsync(1);
  expect(hosts.has("a:1")).toBe(false);
  hosts.add("a:1");
  await vi.advanceTimersByTimeAsync(11 * 60 * S);
  expect(hosts.has("a:1")).toBe(false);
});

it.each([
  ["a lane", 24, 24, false],
  ["a lane whose hosts are known to hang", 24, 16, true],
  ["a full batch", 240, 24, false],
  ["a full batch of hosts that are known to hang", 240, 16, true],
])("%s of checks that hang for 60 s ends within 15 minutes", async (_what, count, begun, isKnown) => {
  const hosts = new HungHosts();
  const { began, ended, given, probe, hole } = onFakeClock(WORKER_SLOTS, hosts);
  for (let n = 0; n < count; n++) {
    if (isKnown) hosts.add(`hole${n}`);
    void probe(`hole${n}`, hole(60 * S, never));
  }
  await vi.advanceTimersByTimeAsync(15 * 60 * S);
  expect(ended.size).toBe(count);
  expect(Math.max(...ended.values())).toBeLessThanOrEqual(11 * 60 * S);
  expect(began.size).toBe(begun);
  expect(given).toHaveLength(count - begun);
  for (const words of given) {
    expect(words).toBe("no connection was free: for 600 s hosts that do not answer held them");
  }
});

it("who waits for busy neighbours only is told so", async () => {
  vi.useFakeTimers();
  const slots = new Slots({ ...LIMITS, total: 1 });
  void slots.run({ kind: "http", host: "a:1", patienceMs }, () => sleep(60 * S));
  const late = slots.run({ kind: "http", host: "b:1", patienceMs: 5 * S }, quick);
  const told = expect(late).rejects.toThrow("no connection was free: for 5 s other checks took them all");
  await vi.advanceTimersByTimeAsync(6 * S);
  await told;
});

it("a task that others hold up goes elsewhere, one that its own host holds up stays", async () => {
  vi.useFakeTimers();
  const hosts = new HungHosts();
  const slots = new Slots({ ...LIMITS, total: 4, tcp: 4 }, hosts);
  const left: string[] = [];
  const enter = async (host: string, ms: number) => {
    try {
      await slots.run({ kind: "tcp", host, patienceMs, crowdedMs: S }, () => sleep(ms));
    } catch (error) {
      if (!(error instanceof Crowded)) throw error;
      left.push(host);
    }
  };
  for (let n = 0; n < 4; n++) void enter("works:1", 10 * S); // three at once: the fourth waits for its own host
  void enter("a:1", 10 * S);
  void enter("b:1", 10 * S); // four are open in all
  await vi.advanceTimersByTimeAsync(2 * S);
  expect(left).toEqual(["b:1"]);
  hosts.add("works:1");
  void enter("works:1", S); // it hangs, so it is not spared
  await vi.advanceTimersByTimeAsync(2 * S);
  expect(left).toEqual(["b:1", "works:1", "works:1"]);
  await vi.advanceTimersByTimeAsync(60 * S);
  expect(left).toHaveLength(3);
});

it("on a machine, what has been open for a second leaves its place to others, up to a limit of its own", async () => {
  const { began, probe, hole } = onFakeClock({ ...LOCAL_SLOTS, total: 4, tcp: 2, hung: 6 });
  for (let n = 0; n < 12; n++) void probe(`hole${n}`, hole(10 * S, never));
  await vi.advanceTimersByTimeAsync(9 * S);
  // Two each second, until six hang beside the two that the limit allows.
  expect(began.size).toBe(8);
  expect(Math.max(...began.values())).toBeLessThan(4 * S);
  await vi.advanceTimersByTimeAsync(6 * S);
  expect(began.size).toBe(12);
});

it("on a machine, a thousand hosts that hang begin within a minute, and within a second once they are known", async () => {
  const hosts = new HungHosts();
  const { began, probe, hole } = onFakeClock(LOCAL_SLOTS, hosts);
  for (let n = 0; n < 1_000; n++) void probe(`hole${n}`, hole(10 * S, never));
  void probe("neighbour", quick);
  await vi.advanceTimersByTimeAsync(60 * S);
  expect(began.size).toBe(1_001);
  const again = onFakeClock(LOCAL_SLOTS, hosts);
  for (let n = 0; n < 1_000; n++) hosts.add(`hole${n}`);
  for (let n = 0; n < 500; n++) void again.probe(`hole${n}`, again.hole(10 * S, never));
  void again.probe("neighbour", quick);
  await vi.advanceTimersByTimeAsync(1);
  expect(again.began.size).toBe(501);
});
