/** The labels of an axis of time: they fall on round times of the reader's own clock. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Within a day. */
const STEPS = [1, 2, 5, 10, 15, 30].map((n) => n * MINUTE).concat([1, 2, 3, 6, 12].map((n) => n * HOUR));
/** In days. */
const DAY_STEPS = [1, 2, 7, 14, 30, 91, 182, 365];

/** Returns at most `most` times between the two, in Unix ms. */
export function timeTicks(from: number, to: number, most: number): number[] {
  for (const step of STEPS.filter((each) => (to - from) / each <= most)) {
    const ticks = within(from, to, (day) => timesOfDay(day, step));
    if (ticks.length <= most) return ticks; // both ends may be ticks, which makes one more
  }
  for (const days of [...DAY_STEPS, Math.ceil((to - from) / DAY / Math.max(1, most - 1))]) {
    const ticks = within(from, to, (day) => (dayNumber(day) % days === 0 ? [day.getTime()] : []));
    if (ticks.length <= most) return ticks;
  }
  return [];
}

/** Formats a tick: a midnight as its day. */
export function tickText(at: number): string {
  const time = new Date(at);
  const isMidnight = time.getHours() === 0 && time.getMinutes() === 0;
  const parts: Intl.DateTimeFormatOptions = isMidnight
    ? { day: "numeric", month: "short" }
    : { hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat("en-GB", parts).format(at);
}

/** `of`: the ticks of a day, which begins at the local midnight that is given. */
function within(from: number, to: number, of: (day: Date) => number[]): number[] {
  const ticks: number[] = [];
  const day = new Date(from);
  day.setHours(0, 0, 0, 0);
  for (; day.getTime() <= to; day.setDate(day.getDate() + 1)) {
    ticks.push(...of(day).filter((at) => at >= from && at <= to));
  }
  return ticks;
}

/** By the clock on the wall: on the day on which it is changed, there are fewer or more hours between two of them. */
function timesOfDay(day: Date, step: number): number[] {
  const times = Array.from({ length: DAY / step }, (_, index) => {
    const time = new Date(day);
    time.setHours(0, (index * step) / MINUTE, 0, 0);
    return time.getTime();
  });
  return [...new Set(times)].sort((a, b) => a - b);
}

/** Days since a Monday, by the calendar. */
function dayNumber(day: Date): number {
  return Math.round(Date.UTC(day.getFullYear(), day.getMonth(), day.getDate()) / DAY) + 3;
}
