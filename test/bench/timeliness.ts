/** Compares what the target answered with what was due and with what a client heard. */
import type { Heard } from "./live-client.ts";
import type { Answers } from "./target-process.ts";

/** Clocks of two processes on one machine: a check may seem this much early. */
const CLOCK_SLACK_MS = 20;
/** An answer that is older was heard of before. */
const NEWS_MS = 5_000;

export interface Due {
  number: number;
  /** Unix ms. */
  due_at: number;
}

/** Of what was due; `delays` in milliseconds, of the checks that were answered within `patience` at all. */
export interface Done {
  late: number;
  missed: number;
  delays: number[];
}

/** `within`, `patience`: milliseconds after due, the latter shorter than the interval. */
export function doneInTime(due: readonly Due[], answers: Answers, within: number, patience: number): Done {
  const times = timesByNumber(answers);
  const delays: number[] = [];
  for (const { number, due_at } of due) {
    const at = times.get(number)?.find((time) => time >= due_at - CLOCK_SLACK_MS && time < due_at + patience);
    if (at !== undefined) delays.push(at - due_at);
  }
  return { delays, missed: due.length - delays.length, late: delays.filter((delay) => delay > within).length };
}

/** Milliseconds from the target's answer to the message that told of it; `numbers`: of the services by id. */
export function liveDelays(heard: readonly Heard[], numbers: ReadonlyMap<number, number>, answers: Answers): number[] {
  const times = timesByNumber(answers);
  return heard.flatMap(({ id, at }) => {
    const answered = times.get(numbers.get(id) ?? -1)?.findLast((time) => time <= at);
    return answered === undefined || at - answered > NEWS_MS ? [] : [at - answered];
  });
}

function timesByNumber({ numbers, times }: Answers): Map<number, number[]> {
  const byNumber = new Map<number, number[]>();
  numbers.forEach((number, index) => {
    const known = byNumber.get(number) ?? [];
    byNumber.set(number, known);
    known.push(times[index] ?? Number.NaN);
  });
  return byNumber;
}
