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
      announcements.setRegistered(card, true, T0);
      expect(again().announcedSeq(SERVICE)).toBe(4);
      expect(again().registered(SERVICE)).toEqual(card);
      expect([...again().allRegistered().keys()]).toEqual([SERVICE]);
    });
  });

  it("knows with which revision a service left, also in the table of an older release", async () => {
    const stub = env.NATS_BRIDGE.get(env.NATS_BRIDGE.newUniqueId());
    await runInDurableObject(stub, async (_, { storage }) => {
      storage.sql.exec("DROP TABLE IF EXISTS told");
      storage.sql.exec(
        "CREATE TABLE told (service_id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, card TEXT, changed_at INTEGER NOT NULL)",
      );
      storage.sql.exec("INSERT INTO told VALUES (8, 1, NULL, 0)");
      const announcements = new Announcements(storage);
      expect(announcements.hasLeft(8, 1)).toBe(false);
      announcements.setRegistered({ ...card, rev: 3 }, false, T0);
      expect([announcements.hasLeft(SERVICE, 3), announcements.hasLeft(SERVICE, 4)]).toEqual([true, false]);
      announcements.setRegistered({ ...card, rev: 4 }, true, T0);
      expect(new Announcements(storage).hasLeft(SERVICE, 3)).toBe(false);
    });
  });

  it("forgets a service some time after it was deregistered, and never a registered one", async () => {
    await withAnnouncements((announcements) => {
      announcements.setAnnouncedSeq(SERVICE, 4, T0);
      announcements.setRegistered(card, true, T0);
      announcements.forgetGone(T0 + 1);
      expect(announcements.registered(SERVICE)).toEqual(card);
      announcements.setRegistered(card, false, T0);
      expect(announcements.registered(SERVICE)).toBeNull();
      announcements.forgetGone(T0);
      expect(announcements.announcedSeq(SERVICE)).toBe(4);
      announcements.forgetGone(T0 + 1);
      expect(announcements.announcedSeq(SERVICE)).toBe(0);
    });
  });
});
