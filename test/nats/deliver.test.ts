import fc from "fast-check";
import { expect, it } from "vitest";
import { Delivery, type OutboxEvent } from "../../src/nats/deliver.ts";
import type { DurableEvent } from "../../src/nats/messages.ts";
import type { Refusal } from "../../src/nats/refusals.ts";
import { T0 } from "../core/fixtures.ts";

const anEvent = (id: number, service_id: number): OutboxEvent => ({
  id,
  at: T0 + id,
  event: {
    service_id,
    id: String(id),
    subject: `hub.a.health.s${service_id}`,
    type: "commandcenter.service.flip",
    time: new Date(T0).toISOString(),
    payload: {},
  },
});

/** `publish` answers for the event with this id. */
function fakeOutbox(services: readonly number[], publish: (event: DurableEvent) => Promise<void>) {
  let left = services.map((service_id, index) => anEvent(index + 1, service_id));
  let now = T0;
  let newest = services.length;
  let inFlight = 0;
  const seen = { tries: 0, most: 0, isClosed: false };
  const stored: DurableEvent[] = [];
  const refusals: Refusal[] = [];
  const ofChain = (chain: number) => left.filter(({ event }) => event.service_id === chain);
  const delivery = new Delivery(
    {
      heads: (chains, each) => {
        const heads = chains.map((chain) => [chain, ofChain(chain).slice(0, each)] as const);
        return new Map(heads.filter(([, events]) => events.length > 0).map(([chain, events]) => [chain, [...events]]));
      },
      hasMore: (chain) => ofChain(chain).length > 0,
      remove: (ids) => {
        left = left.filter(({ id }) => !ids.includes(id));
      },
      publish: async (event) => {
        seen.tries += 1;
        seen.most = Math.max(seen.most, ++inFlight);
        try {
          await publish(event);
          stored.push(event);
        } finally {
          inFlight -= 1;
        }
      },
      isClosed: () => seen.isClosed,
      acknowledged: () => {},
      failed: (refusal) => refusals.push({ ...refusal }),
      broken: (error) => {
        throw error;
      },
      soon: async () => {},
      now: () => now,
      random: () => 0.5,
    },
    new Set(services),
  );
  return {
    delivery,
    run: () => delivery.run(),
    add(service: number) {
      left.push(anEvent(++newest, service));
      delivery.add([service]);
    },
    drop(service: number) {
      left = left.filter(({ event }) => event.service_id !== service);
    },
    pass(ms: number) {
      now += ms;
    },
    seen,
    stored,
    refusals,
    ids: () => stored.map(({ id }) => Number(id)),
    left: () => left.length,
  };
}

const range = (length: number) => Array.from({ length }, (_, index) => index + 1);
const never = () => new Promise<void>(() => {});

it("an empty outbox is delivered at once", async () => {
  const outbox = fakeOutbox([], async () => {});
  await outbox.run();
  expect(outbox.delivery.nextRetryAt()).toBeNull();
});

it("many services are served at once, as many as memory allows", async () => {
  const outbox = fakeOutbox(range(2_300), async () => {});
  await outbox.run();
  expect(outbox).toMatchObject({ seen: { most: 1_000 }, stored: { length: 2_300 } });
  expect(outbox.left()).toBe(0);
});

it("a refusal holds back the later events of its service only, until its time has come", async () => {
  let isOpen = false;
  const outbox = fakeOutbox([1, 2, 1, 2], async ({ service_id }) => {
    if (service_id === 1 && !isOpen) throw new Error("no room");
  });
  await outbox.run();
  expect(outbox.ids()).toEqual([2, 4]);
  outbox.add(1);
  outbox.add(3);
  await outbox.run();
  expect(outbox.ids()).toEqual([2, 4, 6]);
  isOpen = true;
  outbox.pass((outbox.delivery.nextRetryAt() ?? 0) - T0);
  await outbox.run();
  expect(outbox.ids()).toEqual([2, 4, 6, 1, 3, 5]);
  expect(outbox.delivery.nextRetryAt()).toBeNull();
});

it("a service whose event is refused waits longer and longer, and says since when", async () => {
  const outbox = fakeOutbox([1, 2], async ({ service_id }) => {
    if (service_id === 1) throw new Error("no room");
  });
  await outbox.run();
  const waits = [];
  for (let tries = 0; tries < 9; tries++) {
    const before = outbox.seen.tries;
    const wait = (outbox.refusals.at(-1)?.retryAt ?? 0) - T0;
    outbox.pass(30_000);
    await outbox.run();
    expect(outbox.seen.tries).toBe(before + 1);
    waits.push(wait - 30_000 * tries);
  }
  expect(waits).toEqual([750, 1_500, 3_000, 6_000, 12_000, 22_500, 22_500, 22_500, 22_500]);
  expect(outbox.delivery.refused()).toMatchObject([[1, { subject: "hub.a.health.s1", since: T0 + 1, failures: 11 }]]);
});

it("an acknowledgement that never comes keeps nobody waiting, not even those that come later", async () => {
  const outbox = fakeOutbox([1, 2], ({ service_id }) => (service_id === 1 ? never() : Promise.resolve()));
  void outbox.run();
  await expect.poll(outbox.ids).toEqual([2]);
  outbox.add(3);
  outbox.add(1);
  void outbox.run();
  await expect.poll(outbox.ids).toEqual([2, 3]);
});

it("while nothing is acknowledged it is the connection, and the next acknowledgement lets everybody try", async () => {
  let isAway = true;
  const outbox = fakeOutbox(range(600), async ({ service_id }) => {
    if (isAway || service_id === 1) throw new Error("away");
  });
  await outbox.run();
  expect(outbox.refusals.map(({ isDoubted }) => isDoubted)).toEqual(Array(600).fill(true));
  expect(outbox.delivery.refused()).toEqual([]);
  outbox.pass(1_000);
  await outbox.run();
  expect(outbox.seen.tries).toBe(600 + 10);
  isAway = false;
  outbox.add(601);
  await outbox.run();
  expect(outbox.left()).toBe(1);
  expect(outbox.delivery.refused()).toMatchObject([[1, { isDoubted: false }]]);
});

it("one that is refused for long never puts the connection in doubt", async () => {
  const outbox = fakeOutbox([2, 1], async ({ service_id }) => {
    if (service_id === 1) throw new Error("refused");
  });
  await outbox.run();
  for (let minutes = 0; minutes < 5; minutes++) {
    outbox.pass(60_000);
    await outbox.run();
  }
  expect(outbox.refusals.slice(1).map(({ isDoubted }) => isDoubted)).toEqual(Array(5).fill(false));
});

it("thousands of refused services bother the relay little, and all come as soon as one of their subject may", async () => {
  let isOpen = false;
  const outbox = fakeOutbox(range(3_000), async (event) => {
    if (!isOpen && event.service_id > 1) throw new Error("refused");
  });
  await outbox.run();
  const { tries } = outbox.seen;
  for (let half = 0; half < 20; half++) {
    outbox.pass(500);
    await outbox.run();
  }
  expect(outbox.seen.tries - tries).toBeLessThanOrEqual(20 * 50);
  isOpen = true;
  for (let half = 0; half < 200 && outbox.left() > 0; half++) {
    outbox.pass(500);
    await outbox.run();
  }
  expect(outbox.left()).toBe(0);
});

it("a failure of a connection that has ended says nothing about the event", async () => {
  const outbox = fakeOutbox([1, 2], async () => {
    outbox.seen.isClosed = true;
    throw new Error("closed");
  });
  await outbox.run();
  await outbox.run();
  expect(outbox.refusals).toEqual([]);
  expect(outbox.seen.tries).toBe(2);
});

it("a refused service whose events were dropped is forgotten", async () => {
  const outbox = fakeOutbox([2, 1], async ({ service_id }) => {
    if (service_id === 1) throw new Error("refused");
  });
  await outbox.run();
  outbox.drop(1);
  outbox.pass(60_000);
  await outbox.run();
  expect(outbox.delivery.refused()).toEqual([]);
});

it("whatever fails, each service's events arrive in order, each once where the other end knows repeats", async () => {
  const services = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(services, fc.infiniteStream(fc.integer({ min: 0, max: 3 })), async (ids, luck) => {
      const outbox = fakeOutbox(ids, async () => {
        if (luck.next().value === 0) throw new Error("away");
      });
      for (let tries = 0; tries < 1_000 && outbox.left() > 0; tries++) {
        await outbox.run();
        outbox.pass(30_000);
      }
      expect(outbox.left()).toBe(0);
      for (const service of new Set(ids)) {
        const arrived = outbox.stored.filter(({ service_id }) => service_id === service).map(({ id }) => Number(id));
        expect(arrived).toEqual(ids.flatMap((each, index) => (each === service ? [index + 1] : [])));
      }
    }),
  );
});
