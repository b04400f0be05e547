import fc from "fast-check";
import { expect, it } from "vitest";
import { deliver, type OutboxEvent } from "../../src/nats/deliver.ts";
import type { DurableEvent } from "../../src/nats/messages.ts";
import { T0 } from "../core/fixtures.ts";

const anEvent = (id: number, service_id: number): OutboxEvent => ({
  id,
  event: {
    service_id,
    id: String(id),
    subject: "hub.a.health.b",
    type: "commandcenter.service.flip",
    time: new Date(T0).toISOString(),
    payload: {},
  },
});

/** `publish` answers for the event with this id. */
function fakeOutbox(services: readonly number[], publish: (event: DurableEvent) => Promise<void>) {
  let left = services.map((service_id, index) => anEvent(index + 1, service_id));
  const stored: DurableEvent[] = [];
  let inFlight = 0;
  let mostInFlight = 0;
  const run = () =>
    deliver({
      page: (limit) => left.slice(0, limit),
      remove: (ids) => {
        left = left.filter(({ id }) => !ids.includes(id));
      },
      publish: async (event) => {
        mostInFlight = Math.max(mostInFlight, ++inFlight);
        try {
          await publish(event);
          stored.push(event);
        } finally {
          inFlight -= 1;
        }
      },
    });
  return { run, stored, left: () => left.length, mostInFlight: () => mostInFlight };
}

it("an empty outbox is delivered at once", async () => {
  expect(await fakeOutbox([], async () => {}).run()).toBeNull();
});

it("many services are served at once, page by page", async () => {
  const outbox = fakeOutbox(
    Array.from({ length: 1_300 }, (_, i) => i),
    async () => {},
  );
  expect(await outbox.run()).toBeNull();
  expect(outbox.stored).toHaveLength(1_300);
  expect(outbox.left()).toBe(0);
  expect(outbox.mostInFlight()).toBe(500);
});

it("a failure is answered, and holds back the later events of its service only", async () => {
  const broken = new Error("no room");
  const outbox = fakeOutbox([1, 2, 1, 2], async ({ id }) => {
    if (id === "1") throw broken;
  });
  expect(await outbox.run()).toBe(broken);
  expect(outbox.stored.map(({ id }) => id)).toEqual(["2", "4"]);
  expect(outbox.left()).toBe(2);
});

it("whatever fails, each service's events arrive in order, each once where the other end knows repeats", async () => {
  const services = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(services, fc.infiniteStream(fc.integer({ min: 0, max: 3 })), async (ids, luck) => {
      const outbox = fakeOutbox(ids, async () => {
        if (luck.next().value === 0) throw new Error("away");
      });
      for (let tries = 0; tries < 1_000 && (await outbox.run()) !== null; tries++);
      expect(outbox.left()).toBe(0);
      for (const service of new Set(ids)) {
        const arrived = outbox.stored.filter(({ service_id }) => service_id === service).map(({ id }) => Number(id));
        expect(arrived).toEqual(ids.flatMap((each, index) => (each === service ? [index + 1] : [])));
      }
    }),
  );
});
