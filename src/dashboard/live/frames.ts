/** Parses the frames of /ws/health. */
import { type Frame, frameSchema } from "../../core/live-protocol.ts";

/** Returns null for a text that is not a frame, and for an unknown type of frame: a newer hub may send more types. */
export function parseFrame(text: string): Frame | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const result = frameSchema.safeParse(value);
  return result.success ? result.data : null;
}
