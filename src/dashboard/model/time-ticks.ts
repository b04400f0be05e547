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
  const step = STEPS.find((each) => (to - from) / each < most);
  if (step !== undefined) return within(from, to, most, (day) => timesOfDay(day, step));
  const days = DAY_STEPS.find((each) => (to - from) / (each * DAY) <= most) ?? Math.ceil((to - from) / DAY / most);
  return within(from, to, most, (day) => (dayNumber(day) % days === 0 ? [day.getTime()] : []));
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
function within(from: number, to: number, most: number, of: (day: Date) => number[]): number[] {
  const ticks: number[] = [];
  const first = new Date(from);
  for (let index = 0; ; index++) {
    const day = new Date(first.getFullYear(), first.getMonth(), first.getDate() + index); // a midnight may not exist
    if (day.getTime() > to) return ticks.slice(0, most);
    ticks.push(...of(day).filter((at) => at >= from && at <= to));
  }
}

/** By the clock on the wall: on the day on which it is changed, there are fewer or more hours between two of them. */
function timesOfDay(day: Date, step: number): number[] {
  const times = Array.from({ length: DAY / step }, (_, index) => {
    const minutes = (index * step) / MINUTE;
    return new Date(day.getFullYear(), day.getMonth(), day.getDate(), 0, minutes).getTime();
  });
  return [...new Set(times)].sort((a, b) => a - b);
}

/** Days since a Monday, by the calendar. */
function dayNumber(day: Date): number {
  return Math.round(Date.UTC(day.getFullYear(), day.getMonth(), day.getDate()) / DAY) + 3;
}
