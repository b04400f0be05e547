/** The part of the past that the charts of a service show. */
export const SPANS = {
  "1h": { ms: 3_600_000, points: 60, word: "hour" },
  "24h": { ms: 86_400_000, points: 96, word: "24 hours" },
  "7d": { ms: 7 * 86_400_000, points: 84, word: "7 days" },
  "30d": { ms: 30 * 86_400_000, points: 90, word: "30 days" },
} as const;
export type Span = keyof typeof SPANS;

/** The last span until now, or a range that the user has picked. Times in Unix ms. */
export type TimeWindow = { kind: "last"; span: Span } | { kind: "range"; from: number; to: number };

const RANGE_POINTS = 96;
/** A shorter range would have less than a point for each check. */
export const SHORTEST_MS = 60_000;
/** The hub keeps two years. */
const LONGEST_MS = 730 * 86_400_000;

export function lengthOf(window: TimeWindow): number {
  return window.kind === "last" ? SPANS[window.span].ms : window.to - window.from;
}

export function pointsOf(window: TimeWindow): number {
  return window.kind === "last" ? SPANS[window.span].points : RANGE_POINTS;
}

/** Returns the times to ask for. `now`: Unix ms. */
export function timesOf(window: TimeWindow, now: number): { from: number; to: number } {
  return window.kind === "last" ? { from: now - SPANS[window.span].ms, to: now } : { from: window.from, to: window.to };
}

/** Returns the range between two times in any order, within what can be shown; null: there is no such range. */
export function rangeBetween(a: number, b: number, now: number): TimeWindow | null {
  if (Number.isNaN(a) || Number.isNaN(b)) return null;
  const to = Math.min(Math.max(a, b), now);
  const from = Math.max(Math.min(a, b), now - LONGEST_MS);
  return to - from < SHORTEST_MS ? null : { kind: "range", from: Math.round(from), to: Math.round(to) };
}

/** Returns a time (Unix ms) as a field of the type `datetime-local` has it: in the browser's time zone, to the minute. */
export function fieldTime(at: number): string {
  const local = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

/** Reads the part of the past from a query string; null: it names none. `now`: Unix ms. */
export function parseWindow(search: string, now: number): TimeWindow | null {
  const query = new URLSearchParams(search);
  const span = Object.keys(SPANS).find((each) => each === query.get("span"));
  if (span !== undefined) return { kind: "last", span: span as Span }; // a key of SPANS
  const [from, to] = [query.get("from"), query.get("to")].map((text) =>
    /^\d{1,15}$/.test(text ?? "") ? Number(text) : null,
  );
  return from == null || to == null ? null : rangeBetween(from, to, now);
}

/** Returns the query string with this part of the past, and what else was in it. */
export function windowSearch(search: string, window: TimeWindow): string {
  const query = new URLSearchParams(search);
  for (const name of ["span", "from", "to"]) query.delete(name);
  if (window.kind === "last") query.set("span", window.span);
  else {
    query.set("from", String(window.from));
    query.set("to", String(window.to));
  }
  return query.toString();
}
