/** The hub, a relay and a core as they run for a user; an independent client reads on the core. */
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import {
  beat,
  connectCore,
  keptEvents,
  natsHealth,
  natsVars,
  registerHeartbeat,
  withoutEpoch,
} from "../processes/nats-hub.ts";
import { type NatsPair, startNatsPair } from "../servers/nats.ts";
import { until } from "../until.ts";

const HUB = "hub-nats";
const health = z.strictObject({
  hub_id: z.literal(HUB),
  project: z.string(),
  name: z.string(),
  type: z.string(),
  status: z.enum(["unknown", "up", "degraded", "down"]),
  previous_status: z.enum(["unknown", "up", "degraded", "down"]).optional(),
  reason: z.string().optional(),
  latency_ms: z.number().nullable(),
  version: z.string().nullable(),
  timestamp: z.iso.datetime(),
  seq: z.int(),
});
const registry = z.strictObject({
  hub_id: z.literal(HUB),
  project: z.string(),
  timestamp: z.iso.datetime(),
  service: z.looseObject({ id: z.int(), name: z.string(), type: z.string(), health_method: z.string() }),
});
const overall = z.looseObject({
  hub_id: z.literal(HUB),
  timestamp: z.iso.datetime(),
  overall_status: z.enum(["healthy", "degraded", "unhealthy", "unknown"]),
  services: z.array(z.looseObject({ name: z.string(), project: z.string(), status: z.string() })),
  projects: z.array(z.looseObject({ id: z.int(), name: z.string(), health: z.string() })),
});

interface Heard {
  subject: string;
  id: string;
  type: string;
  body: unknown;
}

/** Parses as strictly as a suspicious stranger would. */
function read(message: Msg): Heard {
  const header = (name: string) => message.headers?.get(name) ?? "";
  expect(header("ce-specversion")).toBe("1.0");
  expect(header("ce-source")).toBe(`/hubs/${HUB}`);
  expect(z.iso.datetime().safeParse(header("ce-time")).success).toBe(true);
  const token = message.subject.split(".");
  const schema =
    message.subject === "hub.global.health" || token[3] === "summary"
      ? overall
      : token[2] === "health"
        ? health
        : registry;
  return {
    subject: message.subject,
    id: withoutEpoch(header("ce-id")),
    type: header("ce-type"),
    body: schema.parse(message.json()),
  };
}

function listen(core: NatsConnection): { heard: Heard[]; errors: unknown[] } {
  const heard: Heard[] = [];
  const errors: unknown[] = [];
  core.subscribe("hub.>", {
    callback: (error, message) => {
      try {
        if (error) throw error;
        heard.push(read(message));
      } catch (problem) {
        errors.push(problem);
      }
    },
  });
  return { heard, errors };
}

describe("a hub with a relay and a core", () => {
  let nats: NatsPair;
  let hub: HubProcess;
  let core: NatsConnection;

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

  test("tells of registrations, flips, summaries and goodbyes, each readable by a stranger", async () => {
    const { heard, errors } = listen(core);
    const id = await registerHeartbeat(hub, "nightly");
    await beat(hub, id, "pass");
    await until(() => expect(heard.map(({ type }) => type)).toContain("commandcenter.service.flip"));
    const flip = heard.find(({ type }) => type === "commandcenter.service.flip");
    expect(flip).toMatchObject({
      subject: `hub.${HUB}.health.nightly`,
      id: `${HUB}:${id}:1`,
      body: { status: "up", previous_status: "unknown", seq: 1 },
    });
    const healthy = (subject: string) =>
      expect(heard.filter((each) => each.subject === subject).at(-1)).toMatchObject({
        body: { overall_status: "healthy" },
      });
    await until(() => {
      healthy("hub.global.health");
      healthy(`hub.${HUB}.health.summary`);
    });
    await hub.fetch(`/api/services/${id}`, { method: "DELETE" });
    await until(() =>
      expect(
        heard.at(-1)?.subject === `hub.${HUB}.service.deregistered` ||
          heard.some((each) => each.subject.endsWith("deregistered")),
      ).toBe(true),
    );
    const events = heard
      .filter(({ type }) => /flip|registered/.test(type))
      .map(({ type, id }) => [type.split(".").at(-1), id]);
    expect(events).toEqual([
      ["registered", `${HUB}:${id}:registered-1`],
      ["flip", `${HUB}:${id}:1`],
      ["flip", `${HUB}:${id}:2`],
      ["deregistered", `${HUB}:${id}:deregistered-1`],
    ]);
    expect(errors).toEqual([]);
    const kept = await keptEvents(core);
    expect(kept.map((each) => each.id)).toEqual(events.map(([, id]) => id));
  });

  test("shows the bridge in /health and /metrics", async () => {
    await until(async () =>
      expect(await natsHealth(hub)).toMatchObject({
        connection: { status: "pass" },
        outbox: { status: "pass", observedValue: 0 },
      }),
    );
    const metrics = await (await hub.fetch("/metrics")).text();
    expect(metrics).toMatch(/^hub_nats_connected 1$/m);
    expect(metrics).toMatch(/^hub_nats_acknowledged_total [1-9]\d*$/m);
  });
});
