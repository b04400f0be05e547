/** The hub's messages on NATS: subjects, payloads and CloudEvents 1.0 headers (binary mode). */

import { z } from "zod";
import type { Peer, ProjectLite } from "../core/board/live-protocol.ts";
import type { Summary } from "../core/board/summary.ts";
import { withinSize } from "../core/board/summary-size.ts";
import { hubIdSchema } from "../core/federation/federation.ts";
import type { LoggedEvent, LoggedService } from "../core/hub/events.ts";
import type { Check } from "../core/service/check.ts";
import { RESERVED_SERVICE_NAME } from "../core/service/names.ts";
import { HEALTHS, type Health, type LiveState, type Status } from "../core/service/records.ts";
import type { RecordedFlip } from "../core/status/recorded-flip.ts";

export const GLOBAL_SUBJECT = "hub.global.health";
/** Hubs skip larger summaries of others. A summary of 10,000 services has 2 MB, without tags and metadata. */
export const MAX_SUMMARY_BYTES = 4_000_000;
/** Number of events that the outbox keeps. Beyond this number it drops the oldest. */
export const MAX_EVENTS = 100_000;

/** An event that must arrive. It waits in the outbox, as JSON, until JetStream has stored it. */
export interface DurableEvent {
  /** 0: of no service. */
  service_id: number;
  /** `project/name` of the service, which consumers know it by; absent: of no service, or an older release made it. */
  place?: string;
  /**
   * Identifies the event; sent as `ce-id`.
   * `{hub_id}:{epoch}:{service_id}:` with the `seq` of a flip, or with the kind and the revision of a registration. In
   * another life of the database the same numbers mean something else.
   */
  id: string;
  /**
   * A part that nobody else can know, so that nobody who may publish there makes JetStream take the event for a repeat: see
   * event-codes.ts. Sent as a part of `Nats-Msg-Id`; absent: an older release made the event.
   */
  code?: string;
  subject: string;
  type: EventType;
  /** ISO 8601. */
  time: string;
  payload: object;
}

/** A value that the next one replaces. It may be lost. */
export type LatestValue = Omit<DurableEvent, "service_id" | "place" | "code">;

export type EventType =
  | "commandcenter.service.flip"
  | "commandcenter.service.health"
  | "commandcenter.service.registered"
  | "commandcenter.service.deregistered"
  | "commandcenter.project.started"
  | "commandcenter.project.stopped"
  | "commandcenter.hub.summary"
  | "commandcenter.hub.peer";

export interface ServiceHealth {
  hub_id: string;
  project: string;
  name: string;
  type: string;
  status: Status;
  previous_status?: Status;
  reason?: string;
  latency_ms: number | null;
  version: string | null;
  timestamp: string;
  seq: number;
}

export function flipEvent(hubId: string, flip: RecordedFlip): DurableEvent {
  const payload: ServiceHealth = {
    hub_id: hubId,
    project: flip.project,
    name: flip.name,
    type: flip.service_type,
    status: flip.to,
    previous_status: flip.from,
    reason: flip.reason,
    latency_ms: flip.latency_ms,
    version: flip.version,
    timestamp: flip.at,
    seq: flip.seq,
  };
  return {
    service_id: flip.service_id,
    place: `${flip.project}/${flip.name}`,
    id: `${hubId}:${flip.epoch}:${flip.service_id}:${flip.seq}`,
    subject: serviceSubject(hubId, flip.name),
    type: "commandcenter.service.flip",
    time: flip.at,
    payload,
  };
}

/** A service whose watch begins or ends. `at`: Unix ms. */
export function registryEvent(
  kind: "registered" | "deregistered",
  hubId: string,
  logged: LoggedService,
  at: number,
): DurableEvent {
  const { service_id: id, service_type: type, rev, epoch, ...service } = logged;
  const time = new Date(at).toISOString();
  return {
    service_id: id,
    place: `${service.project}/${service.name}`,
    id: `${hubId}:${epoch}:${id}:${kind}-${rev}`,
    subject: `hub.${hubId}.service.${kind}`,
    type: `commandcenter.service.${kind}`,
    time,
    payload: { hub_id: hubId, project: service.project, timestamp: time, service: { id, type, ...service } },
  };
}

/** A project that was started or stopped. `at`: Unix ms. */
function projectEvent(hubId: string, { id, name, status }: ProjectLite, at: number): DurableEvent {
  const change = status === "running" ? "started" : "stopped";
  const time = new Date(at).toISOString();
  return {
    service_id: 0,
    id: `${hubId}:project-${id}:${change}-${at}`,
    subject: `hub.${hubId}.service.project_${change}`,
    type: `commandcenter.project.${change}`,
    time,
    payload: { hub_id: hubId, project: name, timestamp: time },
  };
}

/** Returns null for an event of which NATS hears nothing. */
export function durableEvent(hubId: string, event: LoggedEvent): DurableEvent | null {
  switch (event.kind) {
    case "flip":
      return flipEvent(hubId, event.body);
    case "registered":
    case "deregistered":
      return registryEvent(event.kind, hubId, event.body, event.at);
    case "project":
      return projectEvent(hubId, event.body, event.at);
    default:
      return null;
  }
}

/** The current state of a service. `now`: Unix ms. */
export function healthValue(hubId: string, check: Check, live: LiveState, now: number): LatestValue {
  const time = new Date(now).toISOString();
  const payload: ServiceHealth = {
    hub_id: hubId,
    project: check.project,
    name: check.name,
    type: check.service_type,
    status: live.status,
    latency_ms: live.latency_ms,
    version: live.details.version ?? check.version,
    timestamp: time,
    seq: live.flip_seq,
  };
  return {
    id: `${hubId}:${check.epoch}:${check.service_id}:${live.flip_seq}:${now}`,
    subject: serviceSubject(hubId, check.name),
    type: "commandcenter.service.health",
    time,
    payload,
  };
}

/** How this hub sees another one. */
export function peerValue(hubId: string, peer: Peer, now: number): LatestValue {
  const time = new Date(now).toISOString();
  return {
    id: `${hubId}:peer:${peer.hub_id}:${now}`,
    subject: `hub.${hubId}.peer.${peer.hub_id}`,
    type: "commandcenter.hub.peer",
    time,
    payload: { ...peer, hub_id: hubId, peer: peer.hub_id, timestamp: time },
  };
}

/** The summary, once for each of its two subjects. `maxBytes`: what the relay takes; what is beyond is left out. */
export function summaryValues(summary: Summary, maxBytes: number): LatestValue[] {
  const payload = withinSize(summary, Math.min(maxBytes, MAX_SUMMARY_BYTES));
  const { hub_id, timestamp } = summary;
  return [`hub.${hub_id}.health.${RESERVED_SERVICE_NAME}`, GLOBAL_SUBJECT].map((subject) => ({
    id: `${hub_id}:summary:${timestamp}`,
    subject,
    type: "commandcenter.hub.summary",
    time: timestamp,
    payload,
  }));
}

/**
 * The headers of the CloudEvents NATS binding. `stream`: the stream that must store a durable event; null for a latest
 * value. A latest value names a stream that does not exist, so that no stream stores it and subscribers still get it.
 */
export function messageHeaders(
  message: LatestValue & Pick<DurableEvent, "code">,
  hubId: string,
  stream: string | null,
): [string, string][] {
  const name = message.code === undefined ? message.id : `${message.id}:${message.code}`;
  return [
    ["ce-specversion", "1.0"],
    ["ce-id", message.id],
    ["ce-source", `/hubs/${hubId}`],
    ["ce-type", message.type],
    ["ce-time", message.time],
    ["ce-datacontenttype", "application/json"],
    ["Nats-Expected-Stream", stream ?? "none"],
    ...(stream === null ? [] : [["Nats-Msg-Id", name] satisfies [string, string]]),
  ];
}

function serviceSubject(hubId: string, name: string): string {
  // Such a service is older than the rule on its name. No other name begins with an underscore.
  return `hub.${hubId}.health.${name === RESERVED_SERVICE_NAME ? `_${name}` : name}`;
}

/** A hub, as its summary tells of it. */
export interface HeardSummary {
  hub_id: string;
  overall_status: Health;
  service_count: number;
}

const heardSchema = z.object({
  hub_id: hubIdSchema,
  overall_status: z.enum(HEALTHS),
  services: z.array(z.unknown()),
});

/** Returns null for what is no summary of another hub. Anybody who may publish there can say anything. */
export function heardSummary(text: string, hubId: string): HeardSummary | null {
  const summary = heardSchema.safeParse(parseJson(text));
  if (!summary.success || summary.data.hub_id === hubId) return null;
  const { hub_id, overall_status, services } = summary.data;
  return { hub_id, overall_status, service_count: services.length };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
