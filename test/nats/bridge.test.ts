/** The bridge in the runtime, against real relays in every state. */
import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { connect } from "nats.ws";
import { beforeAll, describe, expect, inject, it, vi } from "vitest";
import type { NatsBridge } from "../../src/nats/bridge.ts";
import type { BridgeStatus } from "../../src/platform/bindings.ts";
import { boardOf } from "../../src/platform/object-stubs.ts";
import { aCheck } from "../core/fixtures.ts";
import { TEST_PASSWORD } from "../servers/test-servers.ts";
import { until } from "../until.ts";
import { aBridge, aFlip, LOGIN, tellFlips, tellServices, withBridge, withVars } from "./with-bridge.ts";

const { relays, faulty, nothing } = inject("servers");

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

/** A board that has not read its database yet has nothing for the minute's tick; the next minute's has it. */
async function boardIsRead(): Promise<void> {
  await until(async () => expect(await boardOf(env).all("hub")).not.toBeNull());
}

describe("a bridge to a relay that works", () => {
  it("empties its outbox, and takes a flip once", async () => {
    await withBridge({ NATS_URL: relays.working, ...LOGIN }, async (bridge) => {
      const flips = Array.from({ length: 1_200 }, (_, i) => aFlip(i % 400, 1 + Math.floor(i / 400)));
      await tellFlips(bridge, flips);
      await tellFlips(bridge, flips.slice(0, 50));
      await until(() =>
        expect(bridge.status()).toMatchObject({ connected: true, reason: null, outbox_depth: 0, acknowledged: 1_200 }),
      );
      await tellFlips(bridge, flips.slice(600));
      expect(bridge.status()).toMatchObject({ outbox_depth: 0, oldest_event_at: null, failures: 0 });
    });
  });

  it("reaches it by TLS", async () => {
    await withBridge({ NATS_URL: relays.tls, ...LOGIN }, async (bridge) => {
      await tellFlips(bridge, [aFlip(1, 1)]);
      await until(() => expect(bridge.status()).toMatchObject({ outbox_depth: 0, acknowledged: 1 }));
    });
  });

  it("tells of services as the log does", async () => {
    await withBridge({ NATS_URL: relays.working, ...LOGIN }, async (bridge) => {
      await tellServices(bridge, "registered", [aCheck()]);
      await tellServices(bridge, "deregistered", [aCheck()]);
      await tellServices(bridge, "registered", [aCheck({ rev: 2, name: "api-2" })]);
      await until(() => expect(bridge.status()).toMatchObject({ outbox_depth: 0, acknowledged: 3 }));
    });
  });

  it("tells the same flip of another life of the database, and JetStream takes it for no repeat", async () => {
    await withBridge({ NATS_URL: relays.working, ...LOGIN }, async (bridge) => {
      await tellFlips(bridge, [{ ...aFlip(1, 5), epoch: "e1" }]);
      await tellFlips(bridge, [{ ...aFlip(1, 5), epoch: "e2" }]);
      await until(() => expect(bridge.status()).toMatchObject({ outbox_depth: 0, acknowledged: 2 }));
    });
  });

  it("each minute tells every service's latest value and the summary, which the stream lets pass", async () => {
    const reader = await connect({ servers: relays.working, user: "hub", pass: TEST_PASSWORD });
    const heard: { subject: string; type: string | undefined; body: unknown }[] = [];
    const HUB_ID = "hub-latest";
    reader.subscribe("hub.>", {
      callback: (_, message) => {
        const body = message.json<{ hub_id?: string }>();
        if (body.hub_id === HUB_ID)
          heard.push({ subject: message.subject, type: message.headers?.get("ce-type"), body });
      },
    });
    await reader.flush();
    await boardOf(env).add([aCheck()], []);
    await withBridge({ NATS_URL: relays.working, ...LOGIN, HUB_ID }, async (bridge) => {
      await tellServices(bridge, "registered", [aCheck()]);
      await until(() => expect(heard).toHaveLength(1));
      await boardIsRead();
      await bridge.tick();
      await until(() => expect(heard).toHaveLength(4));
      expect(heard.map(({ subject }) => subject)).toEqual([
        "hub.hub-latest.service.registered",
        "hub.hub-latest.health.api",
        "hub.hub-latest.health.summary",
        "hub.global.health",
      ]);
      expect(heard[1]).toMatchObject({ type: "commandcenter.service.health", body: { status: "unknown", seq: 0 } });
      expect(heard[2]).toMatchObject({ body: { overall_status: "unknown", services: [{ name: "api" }] } });
      expect(bridge.status()).toMatchObject({ acknowledged: 1, published: 4 });
      await boardOf(env).remove([{ service_id: 7, epoch: "", rev: null }], []);
      await tellServices(bridge, "deregistered", [aCheck()]);
      await until(() => expect(heard.map(({ subject }) => subject)).toContain("hub.hub-latest.service.deregistered"));
      await until(() => expect(bridge.status()).toMatchObject({ outbox_depth: 0 }));
    });
    const { streams } = await reader.jetstreamManager();
    const kept = await streams.info("HUB_EVENTS", { subjects_filter: "hub.hub-latest.>" });
    expect(kept.state.subjects).toEqual({
      "hub.hub-latest.service.registered": 1,
      "hub.hub-latest.service.deregistered": 1,
    });
    await reader.close();
  });

  it("sends the summary when the overall status changed, many changes as one", async () => {
    await withBridge({ NATS_URL: relays.working, ...LOGIN }, async (bridge) => {
      await Promise.all([bridge.healthChanged(), bridge.healthChanged(), bridge.healthChanged()]);
      await until(() => expect(bridge.status()).toMatchObject({ connected: true, published: 2 }));
    });
  });
});

it("the summary follows as soon as the database can tell, not only in the next minute", async () => {
  await withBridge({ NATS_URL: relays.working, ...LOGIN, HUB_ID: "hub-late" }, async (bridge) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    await env.DB.exec("ALTER TABLE projects RENAME TO projects_away");
    const told = bridge.healthChanged();
    await scheduler.wait(2_500);
    expect(bridge.status().published).toBe(0);
    await env.DB.exec("ALTER TABLE projects_away RENAME TO projects");
    await told;
    expect(bridge.status().published).toBe(2);
    warn.mockRestore();
  });
});

/**
 * A busy relay may be late with an answer. The alarm that the bridge sets then is the platform's, and does not come to an
 * object that a test has made.
 */
async function untilDelivered(bridge: NatsBridge, status: Partial<BridgeStatus>): Promise<void> {
  await until(async () => {
    await bridge.alarm();
    expect(bridge.status()).toMatchObject(status);
  });
}

it("the summary does not wait for the outbox before it", async () => {
  const reader = await connect({ servers: relays.working, user: "hub", pass: TEST_PASSWORD });
  const HUB_ID = "hub-behind";
  let summaryAfter: number | null = null;
  let events = 0;
  reader.subscribe("hub.>", {
    callback: (_, message) => {
      const { hub_id } = message.json<{ hub_id?: string }>();
      if (hub_id !== HUB_ID) return;
      if (message.subject === `hub.${HUB_ID}.health.summary`) summaryAfter ??= events;
      else events += 1;
    },
  });
  await reader.flush();
  await withBridge({ NATS_URL: relays.working, ...LOGIN, HUB_ID }, async (bridge) => {
    await untilDelivered(bridge, { connected: true }); // a relay that is late would be asked again in the next minute
    const backlog = Array.from({ length: 20_000 }, (_, i) => aFlip(1 + (i % 500), 1 + Math.floor(i / 500)));
    await tellFlips(bridge, backlog);
    await bridge.healthChanged();
    expect(bridge.status().outbox_depth).toBeGreaterThan(0);
    await untilDelivered(bridge, { outbox_depth: 0, acknowledged: 20_000 });
    await until(() => expect(events).toBeGreaterThanOrEqual(20_000 + 1)); // and hub.global.health
  });
  expect(summaryAfter).toBeLessThan(20_000);
  await reader.close();
});

it("a lost alarm is armed again by the next tick, and the bridge goes on", async () => {
  await withBridge({ NATS_URL: `ws://127.0.0.1:${nothing}` }, async (bridge, ctx) => {
    await tellFlips(bridge, [aFlip(1, 1)]);
    await until(() => expect(bridge.status().reason).not.toBeNull());
    await ctx.storage.deleteAlarm();
    await bridge.tick();
    expect(await ctx.storage.getAlarm()).not.toBeNull();
  });
});

describe("a bridge whose relay", () => {
  it.each([
    [
      "refuses the password",
      { NATS_URL: relays.working, NATS_USER: "hub", NATS_PASSWORD: "wrong" },
      /refuses the hub|closes the hub/,
    ],
    ["is not there", { NATS_URL: `ws://127.0.0.1:${nothing}` }, /can't reach the relay at ws:\/\/127.0.0.1:\d+: /],
    ["has a certificate that nobody vouches for", { NATS_URL: relays.untrusted }, /wss:.*its certificate valid/],
    ["speaks TLS only", { NATS_URL: relays.tls.replace("wss:", "ws:") }, /takes no WebSockets of NATS/],
    ["is a web server", { NATS_URL: `ws://127.0.0.1:${faulty.http}` }, /takes no WebSockets of NATS: check NATS_URL/],
    ["is asked where it speaks no WebSocket", { NATS_URL: `ws://127.0.0.1:${relays.plain_port}` }, /is NATS_URL right/],
    ["is silent", { NATS_URL: `ws://127.0.0.1:${faulty.silent}` }, /did not answer in time/],
    ["has no JetStream", { NATS_URL: relays.token, NATS_TOKEN: TEST_PASSWORD }, /no JetStream answers/],
    [
      "does not let the hub publish",
      { NATS_URL: relays.working, ...LOGIN, NATS_USER: "mute" },
      /let the hub use hub\./,
    ],
    ["gets no creds file", { NATS_URL: relays.creds, NATS_CREDS: "not a creds file" }, /NATS_CREDS/],
    ["wants a creds file and gets it, but has no JetStream", withCreds(), /no JetStream answers/],
  ])("%s keeps its events and says why", async (_, vars, reason) => {
    await withBridge(vars, async (bridge, ctx) => {
      await tellFlips(bridge, [aFlip(1, 1)]);
      await until(() => expect(bridge.status().reason).toMatch(reason));
      expect(bridge.status()).toMatchObject({ outbox_depth: 1, acknowledged: 0, oldest_event_at: expect.any(Number) });
      expect(bridge.status().failures).toBeGreaterThan(0);
      expect(await ctx.storage.getAlarm()).toBeGreaterThan(Date.now());
      expect(JSON.stringify(bridge.status())).not.toContain(TEST_PASSWORD);
    });
  });

  it("has a full stream delivers what fits and says so", async () => {
    await withBridge({ NATS_URL: relays.full, ...LOGIN }, async (bridge) => {
      await tellFlips(bridge, [aFlip(1, 1), aFlip(1, 2)]);
      await until(() => expect(bridge.status().reason).toMatch(/^the stream HUB_EVENTS is full: maximum messages/));
      expect(bridge.status()).toMatchObject({ connected: true, outbox_depth: 1, acknowledged: 1 });
    });
  });
});

function withCreds() {
  return { NATS_URL: relays.creds, NATS_CREDS: relays.creds_file };
}

it("without NATS_URL an alarm does nothing, though events are left", async () => {
  await withBridge({}, async (bridge, ctx) => {
    await tellFlips(bridge, [aFlip(1, 1)]);
    await until(() => expect(bridge.status().outbox_depth).toBe(1));
    await ctx.storage.deleteAlarm();
    await bridge.alarm();
    expect(await ctx.storage.getAlarm()).toBeNull();
    expect(bridge.status().outbox_depth).toBe(1);
  });
});

it("an alarm delivers what a bridge that is gone had left", async () => {
  await withBridge({ NATS_URL: `ws://127.0.0.1:${nothing}`, HUB_ID: "hub-moved" }, async (bridge, ctx) => {
    await tellFlips(bridge, [aFlip(1, 1)]);
    await until(() => expect(bridge.status().reason).not.toBeNull());
    const next = aBridge(ctx, withVars({ HUB_ID: "hub-moved", NATS_URL: relays.working, ...LOGIN }));
    expect(next.status().outbox_depth).toBe(1);
    await next.alarm();
    expect(next.status()).toMatchObject({ outbox_depth: 0, acknowledged: 1 });
  });
});
