/** Changes of many services at once, each of which can be undone as a whole. */
import type { Service } from "../api/queries.ts";

/** Requests under way at the same time. */
const AT_ONCE = 6;

export interface Outcome<T> {
  done: T[];
  /** The problems with the others, for a person. */
  problems: string[];
}

/** Runs the work for each item, a few at a time. One that fails does not stop the others. */
export async function forEach<I, T>(items: readonly I[], work: (item: I) => Promise<T>): Promise<Outcome<T>> {
  const outcome: Outcome<T> = { done: [], problems: [] };
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      try {
        outcome.done.push(await work(item));
      } catch (error) {
        outcome.problems.push(error instanceof Error ? error.message : "something went wrong");
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return outcome;
}

/** Returns the tags with the new one; null: the service has it already. */
export function withTag({ tags }: Pick<Service, "tags">, tag: string): string[] | null {
  return tags.includes(tag) ? null : [...tags, tag];
}

/** `amount`: of services that were changed. */
export function bulkWords(what: string, amount: number, problems: readonly string[]): string {
  const services = amount === 1 ? "1 service" : `${amount} services`;
  const [first] = problems;
  if (first === undefined) return `${services} ${what}.`;
  return `${services} ${what}; ${problems.length} refused: ${first}`;
}
