import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { DurableEvent } from "../../src/nats/messages.ts";
import { Outbox } from "../../src/nats/outbox.ts";
import { T0 } from "../core/fixtures.ts";

const event = (seq: number): DurableEvent => ({
  service_id: 1,
  id: `hub:1:${seq}`,
  subject: "hub.hub.health.api",
  type: "commandcenter.service.flip",
  time: new Date(T0).toISOString(),
  payload: { seq },
});
const ids = (outbox: Outbox) => outbox.page(100).map((each) => each.event.id);

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
      const [first, second] = outbox.page(2);
      expect([first?.event.id, second?.event.id]).toEqual(["hub:1:1", "hub:1:2"]);
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
});
