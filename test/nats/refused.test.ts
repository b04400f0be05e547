/** Relays that refuse some of what a bridge sends: that waits, and costs the rest nothing. No test waits for an alarm. */
import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { connect } from "nats.ws";
import { beforeAll, describe, expect, inject, it } from "vitest";
import type { Summary } from "../../src/core/board/summary.ts";
import { toCheck } from "../../src/core/service/service-row.ts";
import type { RecordedFlip } from "../../src/core/status/recorded-flip.ts";
import { boardOf } from "../../src/platform/object-stubs.ts";
import { openDatabase } from "../../src/store/database.ts";
import { aCheck } from "../core/fixtures.ts";
import { TEST_PASSWORD } from "../servers/test-servers.ts";
import { addProject, addService } from "../store/fixtures.ts";
import { until } from "../until.ts";
import { aBridge, aFlip, LOGIN, tellFlips, tellProject, tellServices, withBridge, withVars } from "./with-bridge.ts";

const { relays } = inject("servers");
const PICKY = { ...LOGIN, NATS_URL: relays.working, NATS_USER: "picky" };
const NARROW = { ...LOGIN, NATS_URL: relays.narrow };

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

const range = (length: number) => Array.from({ length }, (_, index) => index + 1);
const aRefusedFlip = (service_id: number, seq: number) => ({ ...aFlip(service_id, seq), name: "refused" });

/** Runs `use` while the ids of the hub's events are noted in the order in which the relay passes them on. */
async function listening(url: string, hubId: string, use: (ids: string[]) => Promise<void>) {
  const reader = await connect({ servers: url, user: "hub", pass: TEST_PASSWORD });
  const ids: string[] = [];
  reader.subscribe(`hub.${hubId}.>`, {
    callback: (_, { headers }) => {
      const isDurable = headers?.has("Nats-Msg-Id") ?? false;
      ids.push(isDurable ? (headers?.get("ce-id").replace(`${hubId}:`, "") ?? "") : "");
    },
  });
  await reader.flush();
  try {
    await use(ids);
  } finally {
    await reader.close();
  }
}

describe("a bridge whose relay refuses one subject", () => {
  const HUB_ID = "hub-picky";
  const subject = `hub.${HUB_ID}.health.refused`;

  it("delivers the others at once, says what waits, and delivers that in order when it may", async () => {
    await listening(relays.working, HUB_ID, async (ids) => {
      await withBridge({ ...PICKY, HUB_ID }, async (bridge, ctx) => {
        const before = Date.now();
        await tellFlips(
          bridge,
          range(3).map((seq) => aRefusedFlip(1, seq)),
        );
        await until(() => expect(bridge.status().failures).toBeGreaterThan(0));
        await tellFlips(
          bridge,
          range(50).map((service) => aFlip(100 + service, 1)),
        );
        await until(() => expect(bridge.status().acknowledged).toBe(50));
        await until(() =>
          expect(bridge.status()).toMatchObject({
            connected: true,
            reason: null,
            outbox_depth: 3,
            refused_subjects: 1,
            refused_events: 3,
            refused: [{ subject, reason: expect.stringContaining("check its user's permissions"), events: 3 }],
          }),
        );
        expect(bridge.status().refused[0]?.since).toBeGreaterThanOrEqual(before);
        expect(bridge.status().oldest_event_at).toBe(bridge.status().refused[0]?.since);
        await until(async () => expect(await ctx.storage.getAlarm()).not.toBeNull()); // none is set while one rings
        const permitted = aBridge(ctx, withVars({ ...PICKY, ...LOGIN, HUB_ID }));
        await permitted.alarm();
        expect(permitted.status()).toMatchObject({ outbox_depth: 0, acknowledged: 3, refused: [] });
      });
      await until(() => expect(ids).toHaveLength(53));
      expect(ids.slice(50)).toEqual([":1:1", ":1:2", ":1:3"]);
      expect(new Set(ids).size).toBe(53);
    });
  });

  it.each<[string, RecordedFlip[]]>([
    ["600 events of one service", range(600).map((seq) => aRefusedFlip(1, seq))],
    ["1,200 services", range(1_200).map((id) => aRefusedFlip(10_000 + id, 1))],
  ])("finds what lies behind %s, again after an eviction", async (_, stuck) => {
    const hubId = `hub-${stuck.length}`;
    await withBridge({ HUB_ID: hubId }, async (stopped, ctx) => {
      await tellFlips(stopped, stuck);
      await tellFlips(
        stopped,
        range(20).map((id) => aFlip(100 + id, 1)),
      );
      await until(() => expect(stopped.status().outbox_depth).toBe(stuck.length + 20));
      const evicted = () => aBridge(ctx, withVars({ ...PICKY, HUB_ID: hubId }));
      const first = evicted();
      await first.alarm();
      expect(first.status()).toMatchObject({ acknowledged: 20, outbox_depth: stuck.length, reason: null });
      const second = evicted();
      await tellFlips(second, [aFlip(200, 1)]);
      await until(() => expect(second.status()).toMatchObject({ acknowledged: 1, outbox_depth: stuck.length }));
      await until(() => expect(second.status()).toMatchObject({ reason: null, refused_events: stuck.length }));
      const permitted = aBridge(ctx, withVars({ ...PICKY, ...LOGIN, HUB_ID: hubId }));
      await permitted.alarm();
      expect(permitted.status()).toMatchObject({ acknowledged: stuck.length, outbox_depth: 0 });
    });
  });

  it("does not take a refused latest value for trouble of the connection, and names it", async () => {
    await boardOf(env).add([aCheck({ name: "refused" })], []);
    await withBridge({ ...PICKY, HUB_ID }, async (bridge) => {
      await until(async () => {
        await bridge.tick(); // as each minute: at first, the board may not have read its database
        expect(bridge.status().refused).toMatchObject([{ subject, events: 0 }]);
      });
      expect(bridge.status()).toMatchObject({ reason: null, acknowledged: 0, outbox_depth: 0, refused_events: 0 });
    });
  });
});

/** With a connection of its own, because objects don't share connections. */
async function takeRegistrations(): Promise<void> {
  const client = await connect({ servers: relays.narrow, user: "hub", pass: TEST_PASSWORD });
  const { streams } = await client.jetstreamManager();
  await streams.update("HUB_EVENTS", { subjects: ["hub.*.health.*", "hub.*.service.*"] });
  await client.close();
}

describe("a bridge whose stream lacks a subject", () => {
  const HUB_ID = "hub-narrow";

  it("holds back the services and projects that need it, until the stream takes it", async () => {
    await listening(relays.narrow, HUB_ID, async (ids) => {
      await withBridge({ ...NARROW, HUB_ID }, async (bridge) => {
        const checks = [aCheck({ service_id: 17 }), aCheck({ service_id: 18, name: "web" })];
        await boardOf(env).add(checks, []);
        await tellServices(bridge, "registered", checks);
        await tellFlips(bridge, [aFlip(17, 1), aFlip(17, 2)]);
        await tellProject(bridge, { id: 1, name: "shop", status: "running" });
        await tellFlips(
          bridge,
          range(50).map((id) => aFlip(100 + id, 1)),
        );
        await until(() => expect(bridge.status()).toMatchObject({ acknowledged: 50, refused_subjects: 2 }));
        expect(bridge.status()).toMatchObject({ reason: null, outbox_depth: 5, refused_events: 5 });
        const { refused } = bridge.status();
        expect(refused.map(({ subject, events }) => [subject, events])).toEqual([
          [`hub.${HUB_ID}.service.registered`, 4],
          [`hub.${HUB_ID}.service.project_started`, 1],
        ]);
        expect(refused[0]?.reason).toMatch(/^nothing acknowledges this subject: does HUB_EVENTS have it/); // it is heard here

        await takeRegistrations();
        await until(async () => {
          await bridge.tick();
          expect(bridge.status()).toMatchObject({ outbox_depth: 0, refused_events: 0 });
        });
      });
      const ofFirst = new Set(ids.filter((id) => id.startsWith(":17:")));
      expect([...ofFirst]).toEqual([":17:registered-1", ":17:1", ":17:2"]);
    });
  });

  it("holds back one event that is too large, and says so", async () => {
    await withBridge({ ...NARROW, HUB_ID: "hub-large" }, async (bridge) => {
      await tellFlips(bridge, [{ ...aFlip(1, 1), reason: "x".repeat(10_000) }, aFlip(2, 1)]);
      await until(() => expect(bridge.status()).toMatchObject({ acknowledged: 1, reason: null, refused_events: 1 }));
      expect(bridge.status().refused).toMatchObject([{ reason: expect.stringContaining("raise max_payload") }]);
    });
  });

  it("sends the summary without metadata and tags when it is too large with them, and says so", async () => {
    const db = openDatabase(env.DB);
    const tags = range(5).map((n) => `${n}`.repeat(64));
    const labelled = await addService(db, await addProject(db, "large"), { name: "labelled", tags });
    const HUB_ID = "hub-labels";
    const heard: unknown[] = [];
    const reader = await connect({ servers: relays.narrow, user: "hub", pass: TEST_PASSWORD });
    reader.subscribe(`hub.${HUB_ID}.health.summary`, {
      callback: (_, message) => {
        const { left_out, services } = message.json<Summary>();
        heard.push({ left_out, ...services.find(({ name }) => name === "labelled") });
      },
    });
    await reader.flush();
    await boardOf(env).add([toCheck(labelled)], []);
    await withBridge({ ...NARROW, HUB_ID }, async (bridge) => {
      const send = async (metadata: object, column: "metadata" | "tags" = "metadata") => {
        const text = `UPDATE services SET ${column} = ? WHERE id = ?`;
        await env.DB.prepare(text).bind(JSON.stringify(metadata), labelled.id).run();
        const before = heard.length;
        await bridge.healthChanged();
        await until(() => expect(heard).toHaveLength(before + 1));
        return heard.at(-1);
      };
      expect(await send({ team: "a" })).toMatchObject({ tags, metadata: { team: "a" }, left_out: undefined });
      const untold = await send({ team: "x".repeat(8_000) });
      expect(untold).toMatchObject({ tags, left_out: ["metadata"] });
      expect(untold).not.toHaveProperty("metadata");
      const bare = await send(["x".repeat(8_000)], "tags");
      expect(bare).toMatchObject({ name: "labelled", left_out: ["metadata", "tags"] });
      expect(bare).not.toHaveProperty("tags");
      expect(bridge.status()).toMatchObject({ failures: 0, refused_subjects: 0 });
    });
    await boardOf(env).remove([{ service_id: labelled.id, epoch: labelled.epoch, rev: null }], []);
    await reader.close();
  });

  it("sends every other latest value when the summary is too large, and does not repeat it", async () => {
    const checks = range(100).map((id) => aCheck({ service_id: 1_000 + id, name: `service-${id}` }));
    await boardOf(env).add(checks, []);
    await withBridge({ ...NARROW, HUB_ID: "hub-summary" }, async (bridge) => {
      await bridge.healthChanged();
      await until(() =>
        expect(bridge.status()).toMatchObject({ reason: null, published: 0, failures: 2, refused_subjects: 2 }),
      );
      expect(bridge.status().refused).toMatchObject([
        { subject: "hub.hub-summary.health.summary", reason: expect.stringContaining("raise max_payload"), events: 0 },
        { subject: "hub.global.health" },
      ]);
    });
  });
});
