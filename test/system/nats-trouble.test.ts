/** A hub whose NATS is in trouble: it says so, and goes on as if nothing were. */
import { randomUUID } from "node:crypto";
import { connect, type NatsConnection, PermissionViolationError } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MAX_EVENTS } from "../../src/nats/messages.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import {
  beat,
  connectCore,
  countKept,
  keptEvents,
  natsHealth,
  natsVars,
  registerHeartbeat,
} from "../processes/nats-hub.ts";
import { fillOutbox } from "../processes/nats-outbox.ts";
import { freePort } from "../servers/child-process.ts";
import { NATS_PASSWORD, type NatsPair, startNatsPair } from "../servers/nats.ts";
import { until } from "../until.ts";

const HUB = "hub-troubled";
/** Registers services and has each change its status twice. */
async function work(hub: HubProcess, name: string, services: number): Promise<void> {
  for (let number = 0; number < services; number++) {
    const id = await registerHeartbeat(hub, `${name}-${number}`);
    await beat(hub, id, "pass");
    await beat(hub, id, "fail");
  }
}

describe("a hub with a relay and a core", () => {
  let nats: NatsPair;
  let core: NatsConnection;
  let hub: HubProcess;

  beforeAll(async () => {
    nats = await startNatsPair({ hub_id: HUB });
    await nats.setUp();
    core = await connectCore(nats.core_url);
    hub = await startHub({ vars: natsVars(HUB, nats.relay_url), args: ["--quiet"] });
  });
  afterAll(async () => {
    await hub?.remove();
    await core?.close();
    await nats?.stop();
  });

  test("goes on while a relay is frozen with its connection open, and then loses and doubles nothing", async () => {
    await work(hub, "before", 1);
    await until(async () => expect(await natsHealth(hub)).toMatchObject({ outbox: { observedValue: 0 } }));
    const before = await countKept(core);
    nats.relay.freeze();
    await work(hub, "frozen", 10);
    await until(async () =>
      expect((await natsHealth(hub)).connection).toMatchObject({
        status: "warn",
        output: expect.stringMatching(/did not answer in time/),
      }),
    );
    nats.relay.thaw();
    await until(async () => expect(await natsHealth(hub)).toMatchObject({ outbox: { observedValue: 0 } }));
    const kept = (await keptEvents(core)).slice(before).map(({ id }) => id);
    expect(kept).toHaveLength(30);
    expect(new Set(kept).size).toBe(30);
  });

  test("may do with its user what it needs, and nothing else", async () => {
    const login = { user: HUB, pass: NATS_PASSWORD, inboxPrefix: `_INBOX.${HUB}` };
    const user = await connect({ servers: nats.relay_client_url, reconnect: false, ...login });
    const refused: string[] = [];
    void (async () => {
      for await (const status of user.status()) {
        if (status.type === "error" && status.error instanceof PermissionViolationError) {
          refused.push(`${status.error.operation} ${status.error.subject}`);
        }
      }
    })();
    const mine = [`hub.${HUB}.health.api`, `hub.${HUB}.health.summary`, `hub.${HUB}.service.registered`];
    const others = ["hub.other.health.api", "hub.other.service.registered", "$JS.API.STREAM.DELETE.HUB_EVENTS", "any"];
    for (const subject of [...mine, "hub.global.health", ...others]) user.publish(subject, randomUUID());
    const heard = ["hub.global.health", "hub.*.health.summary"];
    const secret = ["hub.>", "hub.other.health.api", "_INBOX.>", "_INBOX.other.>", ">"];
    for (const subject of [...heard, ...secret]) user.subscribe(subject, { callback: () => {} });
    await user.flush();
    await until(() => expect(refused).toHaveLength(others.length + secret.length));
    expect(refused.toSorted()).toEqual(
      [
        ...others.map((subject) => `publish ${subject}`),
        ...secret.map((subject) => `subscription ${subject}`),
      ].toSorted(),
    );
    await user.close();
  });
});

test("a wrong password is a warning that says what to do", async () => {
  const nats = await startNatsPair({ hub_id: HUB });
  const hub = await startHub({ vars: { ...natsVars(HUB, nats.relay_url), NATS_PASSWORD: "wrong" }, args: ["--quiet"] });
  try {
    await work(hub, "service", 5);
    await until(async () =>
      expect(await natsHealth(hub)).toMatchObject({
        code: 200,
        status: "warn",
        connection: {
          status: "warn",
          output: expect.stringMatching(/check NATS_TOKEN, NATS_USER with NATS_PASSWORD, or NATS_CREDS/),
        },
        outbox: { observedValue: 15 },
      }),
    );
  } finally {
    await hub.remove();
    await nats.stop();
  }
});

describe("a hub whose relay is nowhere", () => {
  let hub: HubProcess;
  beforeAll(async () => {
    hub = await startHub({ vars: natsVars(HUB, `ws://127.0.0.1:${await freePort()}`), args: ["--quiet"] });
  });
  afterAll(() => hub?.remove());

  test("says what to do, and goes on", async () => {
    await work(hub, "service", 5);
    await until(async () =>
      expect(await natsHealth(hub)).toMatchObject({
        code: 200,
        connection: {
          status: "warn",
          output: expect.stringMatching(/can't reach the relay at ws:\/\/127\.0\.0\.1:\d+: is it running/),
        },
        outbox: { observedValue: 15 },
      }),
    );
  });

  test("leaves further events in the log when its outbox is full, says so, and gives up nothing", async () => {
    const id = await registerHeartbeat(hub, "api");
    await until(async () => expect(await natsHealth(hub)).toMatchObject({ outbox: { observedValue: 16 } }));
    await hub.stop();
    fillOutbox(hub.state, HUB, MAX_EVENTS - 16, 500);
    await hub.restart();
    expect((await natsHealth(hub)).outbox).toMatchObject({ observedValue: MAX_EVENTS });
    expect(await beat(hub, id, "pass")).toBeUndefined();
    await until(async () =>
      expect(await natsHealth(hub)).toMatchObject({
        code: 200,
        status: "warn",
        outbox: {
          status: "warn",
          observedValue: MAX_EVENTS,
          output: "the outbox is full: further events wait in the hub's log until some are taken",
        },
      }),
    );
    expect(await (await hub.fetch("/metrics")).text()).toMatch(/^hub_nats_dropped_total 0$/m);
  });
});
