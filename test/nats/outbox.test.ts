import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { DurableEvent } from "../../src/nats/messages.ts";
import { Outbox } from "../../src/nats/outbox.ts";
import { T0 } from "../core/fixtures.ts";

const event = (seq: number, service_id = 1): DurableEvent => ({
  service_id,
  id: `hub:${service_id}:${seq}`,
  subject: "hub.hub.health.api",
  type: "commandcenter.service.flip",
  time: new Date(T0).toISOString(),
  payload: { seq },
});
const ids = (outbox: Outbox, chain = 1) => (outbox.heads([chain], 100).get(chain) ?? []).map(({ event: { id } }) => id);

function withOutbox(limit: number, use: (outbox: Outbox, again: () => Outbox) => void): Promise<void> {
  const stub = env.NATS_BRIDGE.get(env.NATS_BRIDGE.newUniqueId());
  return runInDurableObject(stub, async (_, ctx) =>
    use(new Outbox(ctx.storage, limit), () => new Outbox(ctx.storage, limit)),
  );
}

describe("an outbox", () => {
  it("gives its oldest first and keeps what is not removed, also when it is opened again", async () => {
    await withOutbox(100, (outbox, again) => {
      outbox.add([event(1), event(2), event(3)], T0);
      const [first, second, third] = outbox.heads([1], 2).get(1) ?? [];
      expect([first?.event.id, second?.event.id, third]).toEqual(["hub:1:1", "hub:1:2", undefined]);
      outbox.remove([first?.id ?? 0, 404]);
      outbox.remove([]);
      expect({ depth: outbox.depth, oldest: outbox.oldestAt() }).toEqual({ depth: 2, oldest: T0 });
      expect(again().depth).toBe(2);
      expect(ids(again())).toEqual(["hub:1:2", "hub:1:3"]);
    });
  });

  it("gives up its oldest when it is full, and counts them for ever", async () => {
    await withOutbox(3, (outbox, again) => {
      outbox.add([event(1), event(2)], T0);
      expect(outbox.isFull).toBe(false);
      expect(outbox.dropped).toEqual({ events: 0, last_at: null });
      outbox.add([event(3), event(4)], T0 + 1);
      outbox.add([event(5)], T0 + 2);
      expect(ids(outbox)).toEqual(["hub:1:3", "hub:1:4", "hub:1:5"]);
      expect(outbox).toMatchObject({ isFull: true, depth: 3, dropped: { events: 2, last_at: T0 + 2 } });
      expect(again()).toMatchObject({ isFull: true, dropped: { events: 2 } });
    });
  });

  it("gives the oldest events of each service that it is asked for", async () => {
    await withOutbox(100, (outbox, again) => {
      outbox.add([event(1), event(1, 2), event(2), event(1, 0), event(3)], T0);
      expect([...outbox.heads([2, 1, 9], 2)].map(([chain, events]) => [chain, events.map(({ id }) => id)])).toEqual([
        [1, [1, 3]],
        [2, [2]],
      ]);
      expect(outbox.heads([0], 1).get(0)).toMatchObject([{ id: 4, at: T0 }]);
      outbox.remove([1, 2]);
      for (const each of [outbox, again()]) {
        expect(each).toMatchObject({ depth: 3 });
        expect(new Map(each.chains().map((chain) => [chain, each.depthOf(chain)]))).toEqual(
          new Map([
            [1, 2],
            [0, 1],
          ]),
        );
      }
    });
  });

  it("gives up the oldest events of the service that has most, so that one service never costs the others theirs", async () => {
    await withOutbox(5, (outbox) => {
      outbox.add([event(1, 2), event(1), event(2), event(3)], T0);
      outbox.add([event(4), event(1, 3), event(2, 3)], T0);
      expect([ids(outbox, 1), ids(outbox, 2), ids(outbox, 3)]).toEqual([
        ["hub:1:3", "hub:1:4"],
        ["hub:2:1"],
        ["hub:3:1", "hub:3:2"],
      ]);
      expect(outbox).toMatchObject({ depth: 5, dropped: { events: 2 } });
    });
  });

  it("lets a service that has the name of another one come behind what waits of that one", async () => {
    const of = (seq: number, service_id: number, place: string) => ({ ...event(seq, service_id), place });
    await withOutbox(100, (outbox, again) => {
      expect([...outbox.add([of(1, 1, "shop/web"), of(1, 2, "shop/api"), of(1, 3, "shop/web")], T0)]).toEqual([1, 2]);
      expect([...again().add([of(2, 3, "shop/other"), of(1, 4, "shop/other")], T0)]).toEqual([1]); // renamed, and its name taken
      expect(ids(again())).toEqual(["hub:1:1", "hub:3:1", "hub:3:2", "hub:4:1"]);
      const all = again();
      all.remove(
        all
          .heads([1], 100)
          .get(1)
          ?.map(({ id }) => id) ?? [],
      );
      expect([...all.add([of(3, 3, "shop/web")], T0)]).toEqual([3]); // nothing waits any more
      expect(all.depth).toBe(2);
    });
  });
});
