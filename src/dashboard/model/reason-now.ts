/** The reasons that a hub writes down when something happens, as they read later and in the reader's own zone. */
import { duration, timeOfDay } from "./format.ts";

/** Of a service that is silent, the hub says how long it had been when it noticed. */
const SILENCE = /^(.*\bsilent for|.*\bnothing heard(?: from \S+)? for) \d+ s$/;
const TIME_IN_UTC = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z/g;

/** `heardAt`: when the service was last heard, Unix ms; null: not known. */
export function reasonNow(reason: string, heardAt: number | null, now: number): string {
  const silence = SILENCE.exec(reason)?.[1];
  if (silence !== undefined && heardAt !== null) return `${silence} ${duration(now - heardAt)}`;
  return localTimes(reason, now);
}

/** Returns the text with its times of UTC in the zone of the browser. */
export function localTimes(text: string, now: number): string {
  return text.replace(TIME_IN_UTC, (time) => timeOfDay(Date.parse(time), now));
}
