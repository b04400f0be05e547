/** Parses the frames of the hub's sockets. */
import { type FederationFrame, type Frame, federationFrameSchema, frameSchema } from "../core/board/live-protocol.ts";

/** Of /ws/health. Returns null for a text that is not a frame, and for an unknown type: a newer hub may send more. */
export function parseFrame(text: string): Frame | null {
  return frameSchema.safeParse(parseJson(text)).data ?? null;
}

/** Of /ws/federation; otherwise as parseFrame. */
export function parseFederationFrame(text: string): FederationFrame | null {
  return federationFrameSchema.safeParse(parseJson(text)).data ?? null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
