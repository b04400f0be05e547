/** Fills the outbox of a hub that is stopped, as a very long outage would. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { flipEvent } from "../../src/nats/messages.ts";

/** Far above what the hub gives its own services. */
const FIRST_SERVICE = 1_000_000;
const REASON = "http: expected status 200-299, got 503 Service Unavailable";

/** `events` flips of `services` services that take turns. The hub must have announced something before. */
export function fillOutbox(state: string, hubId: string, events: number, services: number): void {
  const database = openOutbox(state);
  try {
    const insert = database.prepare("INSERT INTO outbox (at, event) VALUES (?, ?)");
    const now = Date.now();
    database.exec("BEGIN");
    for (let index = 0; index < events; index++) {
      const seq = 1 + Math.floor(index / services);
      insert.run(now, JSON.stringify(aFlip(hubId, index % services, seq, now)));
    }
    database.exec("COMMIT");
  } finally {
    database.close();
  }
}

function openOutbox(state: string): DatabaseSync {
  const folder = join(state, "v3/do/commandcenter-hub-NatsBridge");
  const file = readdirSync(folder).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  if (file === undefined) throw new Error(`no bridge in ${folder}`);
  return new DatabaseSync(join(folder, file));
}

function aFlip(hubId: string, service: number, seq: number, now: number) {
  const isOdd = seq % 2 === 1;
  return flipEvent(hubId, {
    seq,
    service_id: FIRST_SERVICE + service,
    project_id: 1,
    epoch: "",
    project: "a-project-of-usual-length",
    name: `service-${service}`,
    service_type: "api",
    version: "16.0.4",
    latency_ms: isOdd ? null : 12,
    from: isOdd ? "up" : "down",
    to: isOdd ? "down" : "up",
    reason: REASON,
    at: new Date(now).toISOString(),
    began_at: new Date(now).toISOString(),
    evidence: [],
  });
}
