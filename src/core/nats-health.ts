/** How the bridge to NATS is, for /health and /metrics. */
export interface BridgeStatus {
  connected: boolean;
  /** What is wrong, for a person who can change it; null: nothing. */
  reason: string | null;
  /** Events that NATS has not acknowledged. */
  outbox_depth: number;
  outbox_full: boolean;
  /** When the oldest of them came in, Unix ms. */
  oldest_event_at: number | null;
  /** Messages sent since the object started, of both kinds. */
  published: number;
  /** Durable events that JetStream acknowledged since the object started. */
  acknowledged: number;
  /** Connections and publishes that failed since the object started. */
  failures: number;
  /** Events that were lost because the outbox was full, ever. */
  dropped: number;
  /** Unix ms. */
  dropped_at: number | null;
}

/** Without a bridge that answers. */
export function noBridge(reason: string): BridgeStatus {
  return {
    connected: false,
    reason,
    outbox_depth: 0,
    outbox_full: false,
    oldest_event_at: null,
    published: 0,
    acknowledged: 0,
    failures: 0,
    dropped: 0,
    dropped_at: null,
  };
}
