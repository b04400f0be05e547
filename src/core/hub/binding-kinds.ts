/** The bindings of a hub and their kinds, for the check of a deployment. platform/bindings.ts has their types. */
export const BINDING_KINDS = {
  DB: "D1 database",
  PROBES: "queue",
  OUTCOMES: "queue",
  LANE_MONITOR: "Durable Object",
  LIVE_BOARD: "Durable Object",
  PROBER: "Durable Object",
  NATS_BRIDGE: "Durable Object",
  FEDERATION: "Durable Object",
  PEER_LINK: "Durable Object",
  REQUEST_LIMIT: "rate limit",
} as const;

export type BindingKind = (typeof BINDING_KINDS)[keyof typeof BINDING_KINDS];
