/** The hub, a relay and a core as they run for a user; an independent client reads on the core. */
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type Msg, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { NATS_PASSWORD, type NatsPair, startNatsPair } from "../servers/nats.ts";
import { type HubProcess, startHub } from "./hub-process.ts";

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
  return { subject: message.subject, id: header("ce-id"), type: header("ce-type"), body: schema.parse(message.json()) };
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

async function inStream(
  core: NatsConnection,
): Promise<{ id: string; subject: string; body: Record<string, unknown> }[]> {
  const { messages } = (await (await jetstreamManager(core)).streams.info("HUB_EVENTS")).state;
  if (messages === 0) return [];
  const consumer = await jetstream(core).consumers.get("HUB_EVENTS");
  const found = [];
  for await (const message of await consumer.fetch({ max_messages: messages, expires: 5_000 })) {
    found.push({
      id: message.headers?.get("Nats-Msg-Id") ?? "",
      subject: message.subject,
      body: message.json<Record<string, unknown>>(),
    });
    if (found.length === messages) break;
  }
  return found;
}

const natsVars = (url: string) => ({ HUB_ID: HUB, NATS_URL: url, NATS_USER: HUB, NATS_PASSWORD: NATS_PASSWORD });
const put = (hub: HubProcess, name: string, body: object) =>
  hub.fetch(`/api/projects/shop/services/${name}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
const heartbeat = { health_method: "heartbeat", health_url: "", health_interval: 3_600 };
const beat = (hub: HubProcess, id: number, status: "pass" | "fail") =>
  hub.fetch(`/api/services/${id}/heartbeat`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ status }),
  });
const natsHealth = async (hub: HubProcess) => {
  const { status, checks } = z
    .object({ status: z.string(), checks: z.record(z.string(), z.array(z.looseObject({ status: z.string() }))) })
    .parse(await (await hub.fetch("/health")).json());
  return { status, connection: checks["nats:connection"]?.[0], outbox: checks["nats:outbox"]?.[0] };
};
const until = <T>(check: () => T | Promise<T>, timeout = 30_000) => vi.waitFor(check, { timeout, interval: 50 });

describe("a hub with a relay and a core", () => {
  let nats: NatsPair;
  let hub: HubProcess;
  let core: NatsConnection;

  beforeAll(async () => {
    nats = await startNatsPair({ hub_id: HUB });
    await nats.setUp();
    core = await connect({
      servers: nats.core_url,
      waitOnFirstConnect: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 200,
    });
    hub = await startHub({ vars: natsVars(nats.relay_url), args: ["--quiet"] });
  });
  afterAll(async () => {
    await hub?.remove();
    await core?.close();
    await nats?.stop();
  });

  test("tells of registrations, flips, summaries and goodbyes, each readable by a stranger", async () => {
    const { heard, errors } = listen(core);
    const { id } = z.object({ id: z.int() }).parse(await (await put(hub, "nightly", heartbeat)).json());
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
    }, 3_000);
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
    const kept = await inStream(core);
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

  test.each(["relay", "core"] as const)(
    "loses and doubles nothing when the %s is away and the hub is killed meanwhile",
    async (away) => {
      const before = (await inStream(core)).length;
      await nats[away].kill();
      const ids: number[] = [];
      const names = Array.from({ length: 50 }, (_, i) => `${away}-${i}`);
      for (const [i, name] of names.entries()) {
        const answer = await put(hub, name, heartbeat);
        expect(answer.status).toBe(201);
        ids.push(z.object({ id: z.int() }).parse(await answer.json()).id);
        if (i === 24) await hub.kill9().then(() => hub.restart());
      }
      for (let round = 0; round < 10; round++) {
        if (round === 5) await hub.kill9().then(() => hub.restart());
        const answers = await Promise.all(ids.map((id) => beat(hub, id, round % 2 === 0 ? "pass" : "fail")));
        expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 202));
      }
      await until(async () => expect((await natsHealth(hub)).connection).toMatchObject({ status: "warn" }));
      await nats[away].start();
      await until(async () => expect((await inStream(core)).length - before).toBe(550), 60_000);
      const found = (await inStream(core)).slice(before);
      expect(new Set(found.map(({ id }) => id)).size).toBe(550);
      for (const id of ids) {
        const own = found.filter((each) => each.id.startsWith(`${HUB}:${id}:`)).map((each) => each.id.split(":")[2]);
        expect(own).toEqual(["registered-1", ...Array.from({ length: 10 }, (_, i) => String(i + 1))]);
      }
      await until(async () =>
        expect(await natsHealth(hub)).toMatchObject({ status: "pass", outbox: { observedValue: 0 } }),
      );
    },
    150_000,
  );
});
