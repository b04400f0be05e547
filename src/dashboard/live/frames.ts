/** Frames of /ws/health, read from their text. */
import type { Status } from "../../core/records.ts";
import type { ListedFlip } from "../api/queries.ts";
import type { ServiceLite } from "./service-row.ts";

/** A flip as the feed tells it: its place in the service's life is `flip_seq`, `seq` counts the hub's frames. */
export type FlipFrame = Omit<ListedFlip, "seq"> & { type: "flip"; seq: number; flip_seq: number };

export interface HealthUpdate {
  id: number;
  status: Status;
  latency_ms: number | null;
  at: string | null;
}

export type Frame =
  | { type: "snapshot"; seq: number; services: ServiceLite[] }
  | { type: "health"; seq: number; services: HealthUpdate[] }
  | FlipFrame
  | { type: "registered" | "deregistered"; seq: number; service: ServiceLite }
  | { type: "error"; seq: number; detail: string };

const TYPES = new Set(["snapshot", "health", "flip", "registered", "deregistered", "error"]);

/** Null for what is not a frame that this page knows: a newer hub may say more. */
export function parseFrame(text: string): Frame | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return isFrame(value) ? value : null;
}

/** The hub makes its frames from typed records; what is checked is that this is one of them. */
function isFrame(value: unknown): value is Frame {
  if (typeof value !== "object" || value === null || !("type" in value) || !("seq" in value)) return false;
  return typeof value.type === "string" && TYPES.has(value.type) && typeof value.seq === "number";
}
