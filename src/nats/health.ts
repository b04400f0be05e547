/** The state of the bridge to NATS, as /health and /metrics show it. */

import { ageSeconds, type HealthCheck, type HubHealth, healthCheck } from "../core/hub/hub-health.ts";
import { counter, gauge, type Metric, type Sample } from "../core/hub/hub-metrics.ts";
import type { BridgeStatus } from "../platform/bindings.ts";
import { NO_REFUSALS } from "./refused-subjects.ts";

const OUTBOX_WARN_S = 60;
const DROPPED_WARN_MS = 86_400_000;

/** The status to show when the bridge does not answer. */
export function noBridge(reason: string): BridgeStatus {
  return {
    connected: false,
    reason,
    outbox_depth: 0,
    outbox_full: false,
    log_waits: false,
    oldest_event_at: null,
    published: 0,
    acknowledged: 0,
    failures: 0,
    dropped: 0,
    dropped_at: null,
    ...NO_REFUSALS,
  };
}

/** Returns the entries for /health. `now`: Unix ms. */
export function natsChecks(status: BridgeStatus, now: number): HubHealth["checks"] {
  return {
    "nats:connection": [connectionCheck(status, now)],
    "nats:outbox": [outboxCheck(status, now)],
    ...(status.refused.length === 0 ? {} : { "nats:refused": refusedChecks(status, now) }),
  };
}

/** A hub without NATS still checks services and answers requests, so a lost connection is only a warning. */
function connectionCheck({ connected, reason }: BridgeStatus, now: number): HealthCheck {
  const output = reason ?? (connected ? null : "not connected yet");
  return healthCheck("component", output === null ? "pass" : "warn", now, output === null ? {} : { output });
}

/** The other subjects arrive, so this is only a warning. */
function refusedChecks({ refused, refused_subjects }: BridgeStatus, now: number): HealthCheck[] {
  const more = refused_subjects - refused.length;
  return refused.map(({ subject, reason, events, since }, index) => {
    const which = index === 0 && more > 0 ? `${subject} and ${more} more that are not shown` : subject;
    const output = `${which}: ${reason}; since ${new Date(since).toISOString()}`;
    return healthCheck("component", "warn", now, { observedValue: events, observedUnit: "messages", output });
  });
}

/** A full outbox loses events permanently, so this check fails. */
function outboxCheck(nats: BridgeStatus, now: number): HealthCheck {
  const depth = { observedValue: nats.outbox_depth, observedUnit: "messages" as const };
  if (nats.outbox_full) {
    const output = `the outbox is full: the oldest events are dropped, ${nats.dropped} so far`;
    return healthCheck("component", "fail", now, { ...depth, output });
  }
  if (nats.log_waits) {
    const output = "the outbox is full: further events wait in the hub's log until some are taken";
    return healthCheck("component", "warn", now, { ...depth, output });
  }
  if (nats.dropped_at !== null && now - nats.dropped_at < DROPPED_WARN_MS) {
    const output = `${nats.dropped} events were dropped, the last at ${new Date(nats.dropped_at).toISOString()}`;
    return healthCheck("component", "warn", now, { ...depth, output });
  }
  const waiting = ageSeconds(nats.oldest_event_at, now) ?? 0;
  if (waiting <= OUTBOX_WARN_S) return healthCheck("component", "pass", now, depth);
  return healthCheck("component", "warn", now, {
    ...depth,
    output: `the oldest event has been waiting for ${waiting} s`,
  });
}

export function natsMetrics(nats: BridgeStatus, now: number): Metric[] {
  const single = (value: number): Sample[] => [{ labels: {}, value }];
  return [
    gauge("hub_nats_connected", "1 while the hub is connected to NATS.", single(Number(nats.connected))),
    gauge("hub_nats_outbox_messages", "Events that NATS has not acknowledged.", single(nats.outbox_depth)),
    gauge(
      "hub_nats_outbox_oldest_seconds",
      "Time that the oldest of them has been waiting.",
      single(ageSeconds(nats.oldest_event_at, now) ?? 0),
    ),
    gauge(
      "hub_nats_refused_messages",
      "Events that wait because NATS refuses their subject while it accepts others.",
      single(nats.refused_events),
    ),
    counter("hub_nats_published_total", "Messages sent to NATS.", single(nats.published)),
    counter("hub_nats_acknowledged_total", "Events that JetStream acknowledged.", single(nats.acknowledged)),
    counter("hub_nats_failures_total", "Connections and publishes that failed.", single(nats.failures)),
    counter("hub_nats_dropped_total", "Events lost because the outbox was full.", single(nats.dropped)),
  ];
}
