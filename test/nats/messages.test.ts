import { describe, expect, it } from "vitest";
import { unknownState } from "../../src/core/board/board-entry.ts";
import { summarize } from "../../src/core/board/summary.ts";
import { loggedServiceSchema } from "../../src/core/hub/events.ts";
import type { RecordedFlip } from "../../src/core/status/recorded-flip.ts";
import {
  flipEvent,
  healthValue,
  heardSummary,
  messageHeaders,
  registryEvent,
  summaryValues,
} from "../../src/nats/messages.ts";
import { aCheck, T0 } from "../core/fixtures.ts";

const TIME = new Date(T0).toISOString();
const flip: RecordedFlip = {
  seq: 4,
  service_id: 7,
  project_id: 1,
  project: "shop",
  epoch: "e1",
  name: "api",
  service_type: "api",
  version: "1.2",
  latency_ms: null,
  from: "up",
  to: "down",
  reason: "connect: refused",
  at: TIME,
  began_at: TIME,
  evidence: [],
};

describe("a durable event", () => {
  it("of a flip is named by its service and seq, and tells where it came from", () => {
    expect(flipEvent("hub-a", flip)).toEqual({
      service_id: 7,
      place: "shop/api",
      id: "hub-a:e1:7:4",
      subject: "hub.hub-a.health.api",
      type: "commandcenter.service.flip",
      time: TIME,
      payload: {
        hub_id: "hub-a",
        project: "shop",
        name: "api",
        type: "api",
        status: "down",
        previous_status: "up",
        reason: "connect: refused",
        latency_ms: null,
        version: "1.2",
        timestamp: TIME,
        seq: 4,
      },
    });
  });

  it.each(["registered", "deregistered"] as const)("of a service that is %s is named by its revision", (kind) => {
    expect(registryEvent(kind, "hub-a", loggedServiceSchema.parse(aCheck({ rev: 3, epoch: "e1" })), T0)).toMatchObject({
      service_id: 7,
      id: `hub-a:e1:7:${kind}-3`,
      subject: `hub.hub-a.service.${kind}`,
      type: `commandcenter.service.${kind}`,
      payload: {
        hub_id: "hub-a",
        project: "shop",
        timestamp: TIME,
        service: { id: 7, name: "api", type: "api", health_method: "http", health_interval: 30 },
      },
    });
  });

  it("has CloudEvents headers, and names the message and the stream that has to take it", () => {
    expect(Object.fromEntries(messageHeaders(flipEvent("hub-a", flip), "hub-a", "HUB_EVENTS"))).toEqual({
      "ce-specversion": "1.0",
      "ce-id": "hub-a:e1:7:4",
      "ce-source": "/hubs/hub-a",
      "ce-type": "commandcenter.service.flip",
      "ce-time": TIME,
      "ce-datacontenttype": "application/json",
      "Nats-Expected-Stream": "HUB_EVENTS",
      "Nats-Msg-Id": "hub-a:e1:7:4",
    });
  });
});

it("an event of this release has a name on the stream that only the hub can know, one of an older release keeps its own", () => {
  const nameOf = (code?: string) => {
    const event = code === undefined ? flipEvent("hub-a", flip) : { ...flipEvent("hub-a", flip), code };
    return Object.fromEntries(messageHeaders(event, "hub-a", "HUB_EVENTS"));
  };
  expect(nameOf("c0de")).toMatchObject({ "Nats-Msg-Id": "hub-a:e1:7:4:c0de", "ce-id": "hub-a:e1:7:4" });
  expect(nameOf()).toMatchObject({ "Nats-Msg-Id": "hub-a:e1:7:4", "ce-id": "hub-a:e1:7:4" });
});

describe("a latest value", () => {
  it("of a service says its status and nothing of a change", () => {
    const live = { ...unknownState(T0), status: "up" as const, latency_ms: 5, flip_seq: 4, details: { version: "2" } };
    const { payload, subject } = healthValue("hub-a", aCheck({ version: "1" }), live, T0);
    expect(subject).toBe("hub.hub-a.health.api");
    expect(payload).toEqual({
      hub_id: "hub-a",
      project: "shop",
      name: "api",
      type: "api",
      status: "up",
      latency_ms: 5,
      version: "2",
      timestamp: TIME,
      seq: 4,
    });
    const untold = healthValue("hub-a", aCheck({ version: "1" }), unknownState(T0), T0);
    expect(untold.payload).toMatchObject({ version: "1" });
  });

  it("of the hub goes to its own subject and to everybody's", () => {
    const values = summaryValues(summarize("hub-a", [], [], T0), 8_192);
    expect(values.map(({ subject }) => subject)).toEqual(["hub.hub-a.health.summary", "hub.global.health"]);
    expect(values[0]?.payload).toMatchObject({ overall_status: "unknown", services: [] });
  });

  it("of another hub is heard with and without labels, as far as an older hub reads it", () => {
    const live = { ...unknownState(T0), status: "up" as const };
    const labels = { tags: ["eu"], metadata: { team: "a" } };
    const heard = [{}, labels].map((each) => {
      const summary = summarize("hub-b", [{ ...aCheck(), live, labels: each }], [], T0, ["metadata"]);
      return heardSummary(JSON.stringify(summary), "hub-a");
    });
    expect(heard).toEqual(heard.map(() => ({ hub_id: "hub-b", overall_status: "healthy", service_count: 1 })));
  });

  it("is named for no stream, so that none keeps it", () => {
    const [value] = summaryValues(summarize("hub-a", [], [], T0), 8_192);
    const sent = value === undefined ? {} : Object.fromEntries(messageHeaders(value, "hub-a", null));
    expect(sent).toMatchObject({ "Nats-Expected-Stream": "none", "ce-type": "commandcenter.hub.summary" });
    expect(sent).not.toHaveProperty("Nats-Msg-Id");
  });
});
