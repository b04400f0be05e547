import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Announcements } from "../../src/nats/announcements.ts";
import { serviceCard } from "../../src/nats/messages.ts";
import { aCheck, T0 } from "../core/fixtures.ts";

const SERVICE = 7;
const card = serviceCard(aCheck());

function withAnnouncements(use: (announcements: Announcements, again: () => Announcements) => void): Promise<void> {
  const stub = env.NATS_BRIDGE.get(env.NATS_BRIDGE.newUniqueId());
  return runInDurableObject(stub, async (_, ctx) =>
    use(new Announcements(ctx.storage), () => new Announcements(ctx.storage)),
  );
}

describe("the ledger of announcements", () => {
  it("keeps the newest announced flip and the registration of a service, also when it is opened again", async () => {
    await withAnnouncements((announcements, again) => {
      expect(announcements.announcedSeq(SERVICE)).toBe(0);
      expect(announcements.registered(SERVICE)).toBeNull();
      announcements.setAnnouncedSeq(SERVICE, 4, T0);
      announcements.setRegistered(SERVICE, card, T0);
      expect(again().announcedSeq(SERVICE)).toBe(4);
      expect(again().registered(SERVICE)).toEqual(card);
      expect([...again().allRegistered().keys()]).toEqual([SERVICE]);
    });
  });

  it("forgets a service some time after it was deregistered, and never a registered one", async () => {
    await withAnnouncements((announcements) => {
      announcements.setAnnouncedSeq(SERVICE, 4, T0);
      announcements.setRegistered(SERVICE, card, T0);
      announcements.forgetGone(T0 + 1);
      expect(announcements.registered(SERVICE)).toEqual(card);
      announcements.setRegistered(SERVICE, null, T0);
      expect(announcements.registered(SERVICE)).toBeNull();
      announcements.forgetGone(T0);
      expect(announcements.announcedSeq(SERVICE)).toBe(4);
      announcements.forgetGone(T0 + 1);
      expect(announcements.announcedSeq(SERVICE)).toBe(0);
    });
  });
});
