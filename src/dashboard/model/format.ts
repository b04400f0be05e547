/** Formats times, amounts and ratios as English text. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Formats `ms` with its largest unit and the next smaller one: `2 h 5 min`. Negative values become `0 s`. */
export function duration(ms: number): string {
  const all = Math.max(0, ms);
  if (all < MINUTE) return `${Math.floor(all / SECOND)} s`;
  if (all < HOUR) return twoUnits(all, MINUTE, "min", SECOND, "s");
  if (all < DAY) return twoUnits(all, HOUR, "h", MINUTE, "min");
  return twoUnits(all, DAY, "d", HOUR, "h");
}

function twoUnits(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const whole = Math.floor(ms / large);
  const rest = Math.floor((ms % large) / small);
  return rest === 0 || whole >= 10 ? `${whole} ${largeName}` : `${whole} ${largeName} ${rest} ${smallName}`;
}

/** Formats `ms` with its largest unit only, for narrow places. */
export function shortDuration(ms: number): string {
  const all = Math.max(0, ms);
  if (all < MINUTE) return `${Math.floor(all / SECOND)} s`;
  if (all < HOUR) return `${Math.floor(all / MINUTE)} min`;
  if (all < DAY) return `${Math.floor(all / HOUR)} h`;
  return `${Math.floor(all / DAY)} d`;
}

/** Formats how long ago `at` was. Both times are in Unix ms. */
export function ago(at: number, now: number): string {
  return now - at < 2 * SECOND ? "just now" : `${shortDuration(now - at)} ago`;
}

/** `ms`: null when no response time was measured. */
export function latency(ms: number | null): string {
  if (ms === null) return "–";
  if (ms < 10) return `${ms.toFixed(ms < 1 ? 2 : 1).replace(/\.0+$/, "")} ms`;
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / SECOND).toFixed(1)} s`;
}

/** Formats a ratio as a percentage. Never rounds up to 100 %, which would hide a short outage. Null: not known. */
export function percent(ratio: number | null): string {
  if (ratio === null) return "–";
  if (ratio >= 1) return "100 %";
  const digits = ratio >= 0.999 ? 3 : 2;
  const floored = Math.floor(ratio * 100 * 10 ** digits) / 10 ** digits;
  return `${floored.toFixed(digits)} %`;
}

export function count(amount: number, one: string, many = `${one}s`): string {
  return `${new Intl.NumberFormat("en").format(amount)} ${amount === 1 ? one : many}`;
}

/** Formats date and time to the second, in the time zone of the browser. `at`: Unix ms. */
export function dateTime(at: number): string {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" }).format(at);
}

/** The same with the name of the zone, for tooltips. */
export function exactTime(at: number): string {
  const zone = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" }).formatToParts(at);
  return `${dateTime(at)} ${zone.find(({ type }) => type === "timeZoneName")?.value ?? ""}`.trimEnd();
}

/** Formats a time (Unix ms) for an axis that covers `span` ms: up to a day as a time of day, else as a date. */
export function axisTime(at: number, span: number): string {
  if (span <= DAY) return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }).format(at);
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" }).format(at);
}

/** Formats a time (Unix ms) as the time of day; with the day when that is not today. */
export function timeOfDay(at: number, now: number): string {
  const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }).format(at);
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
  return day.format(at) === day.format(now) && now - at < DAY ? time : `${day.format(at)}, ${time}`;
}
