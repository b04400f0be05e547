/** Times, amounts and ratios in words. English, because the hub's own words are. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `ms` as its largest unit and the next: `2 h 5 min`. Negative counts as nothing. */
export function duration(ms: number): string {
  const all = Math.max(0, ms);
  if (all < MINUTE) return `${Math.floor(all / SECOND)} s`;
  if (all < HOUR) return pair(all, MINUTE, "min", SECOND, "s");
  if (all < DAY) return pair(all, HOUR, "h", MINUTE, "min");
  return pair(all, DAY, "d", HOUR, "h");
}

function pair(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const whole = Math.floor(ms / large);
  const rest = Math.floor((ms % large) / small);
  return rest === 0 || whole >= 10 ? `${whole} ${largeName}` : `${whole} ${largeName} ${rest} ${smallName}`;
}

/** Only the largest unit, for narrow places. */
export function shortDuration(ms: number): string {
  const all = Math.max(0, ms);
  if (all < MINUTE) return `${Math.floor(all / SECOND)} s`;
  if (all < HOUR) return `${Math.floor(all / MINUTE)} min`;
  if (all < DAY) return `${Math.floor(all / HOUR)} h`;
  return `${Math.floor(all / DAY)} d`;
}

/** How long ago, both in Unix ms. */
export function ago(at: number, now: number): string {
  return now - at < 2 * SECOND ? "just now" : `${shortDuration(now - at)} ago`;
}

/** Null: nothing was measured. */
export function latency(ms: number | null): string {
  if (ms === null) return "–";
  if (ms < 10) return `${ms.toFixed(ms < 1 ? 2 : 1).replace(/\.0+$/, "")} ms`;
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / SECOND).toFixed(1)} s`;
}

/** A ratio as a percentage that never rounds up to 100 %: 0.99996 is not "all the time". Null: not known. */
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

/** Date and time to the second, in the reader's own time zone. */
export function dateTime(at: number): string {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" }).format(at);
}

/** As short as the span (ms) that is shown allows. */
export function axisTime(at: number, span: number): string {
  if (span <= DAY) return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }).format(at);
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" }).format(at);
}
