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
/** Far less than any of the bridge's own limits of 5 s, much more than a busy machine needs. */
const NOT_SLOWED_MS = 3_000;

/** Registers services and has each change its status twice; answers the longest that a request took, milliseconds. */
async function work(hub: HubProcess, name: string, services: number): Promise<number> {
  const times: number[] = [];
  const timed = async <T>(request: Promise<T>): Promise<T> => {
    const from = performance.now();
    const answer = await request;
    times.push(performance.now() - from);
    return answer;
  };
  for (let number = 0; number < services; number++) {
    const id = await timed(registerHeartbeat(hub, `${name}-${number}`));
    await timed(beat(hub, id, "pass"));
    await timed(beat(hub, id, "fail"));
  }
  return Math.max(...times);
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

  test("is not slowed by a relay that is frozen with its connection open, and then loses and doubles nothing", async () => {
    await work(hub, "before", 1);
    await until(async () => expect(await natsHealth(hub)).toMatchObject({ outbox: { observedValue: 0 } }));
    const before = await countKept(core);
    nats.relay.freeze();
    expect(await work(hub, "frozen", 10)).toBeLessThan(NOT_SLOWED_MS);
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

test.each([
  ["a wrong password", { NATS_PASSWORD: "wrong" }, /check NATS_TOKEN, NATS_USER with NATS_PASSWORD, or NATS_CREDS/],
  ["a wrong URL", { NATS_URL: "ws://127.0.0.1:9" }, /can't reach the relay at ws:\/\/127\.0\.0\.1:9: is it running/],
])("%s is a warning that says what to do, and slows nothing", async (_, wrong, words) => {
  const nats = await startNatsPair({ hub_id: HUB });
  const hub = await startHub({ vars: { ...natsVars(HUB, nats.relay_url), ...wrong }, args: ["--quiet"] });
  try {
    expect(await work(hub, "service", 5)).toBeLessThan(NOT_SLOWED_MS);
    await until(async () =>
      expect(await natsHealth(hub)).toMatchObject({
        code: 200,
        status: "warn",
        connection: { status: "warn", output: expect.stringMatching(words) },
        outbox: { observedValue: 15 },
      }),
    );
  } finally {
    await hub.remove();
    await nats.stop();
  }
});

test("a full outbox gives up its oldest events, says how many, and makes the hub's health fail", async () => {
  const away = `ws://127.0.0.1:${await freePort()}`;
  const hub = await startHub({ vars: natsVars(HUB, away), args: ["--quiet"] });
  try {
    const id = await registerHeartbeat(hub, "api");
    await until(async () => expect(await natsHealth(hub)).toMatchObject({ outbox: { observedValue: 1 } }));
    await hub.stop();
    fillOutbox(hub.state, HUB, MAX_EVENTS - 1, 500);
    await hub.restart();
    expect((await natsHealth(hub)).outbox).toMatchObject({ observedValue: MAX_EVENTS });
    expect(await beat(hub, id, "pass")).toBeUndefined();
    await until(async () =>
      expect(await natsHealth(hub)).toMatchObject({
        code: 503,
        status: "fail",
        outbox: {
          status: "fail",
          observedValue: MAX_EVENTS,
          output: "the outbox is full: the oldest events are dropped, 1 so far",
        },
      }),
    );
    expect(await (await hub.fetch("/metrics")).text()).toMatch(/^hub_nats_dropped_total 1$/m);
  } finally {
    await hub.remove();
  }
});
