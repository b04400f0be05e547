/** Frames of /ws/health, read from their text. */
import { type Frame, frameSchema } from "../../core/live-protocol.ts";

/** Null for a text that is no frame, and for a frame that this page does not know: a newer hub may send more. */
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
