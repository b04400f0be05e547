/** Finds checks that can't work, or can't be judged, as they are stored: an earlier release accepted them. */

import { UNREAD_NAMED_MS } from "../time/durations.ts";
import { type FieldError, fieldErrors } from "../values/fields.ts";
import type { Unread } from "../values/read-each.ts";
import type { Check } from "./check.ts";
import { RESERVED_SERVICE_NAME } from "./names.ts";
import { optionErrors } from "./option-rules.ts";
import { healthOptionsSchema } from "./options.ts";
import { unreadableText } from "./unreadable.ts";

export const MAX_SHOWN = 10;

export interface UnfitChecks {
  count: number;
  /** Texts for a person, each about one service, which is named by its id: the hub's health is public. */
  first: string[];
}

/** Adds services that name an agent which nobody has set up. `ids`: of the first of them. */
export function withAgentless(
  unfit: UnfitChecks | undefined,
  agentless: { count: number; ids: number[] },
): UnfitChecks {
  const { count, first } = unfit ?? { count: 0, first: [] };
  const texts = agentless.ids.map((id) => `service ${id}: agent: nobody has set it up`);
  return { count: count + agentless.count, first: [...first, ...texts].slice(0, MAX_SHOWN) };
}

export class Fitness {
  /** The problem of each check, null: it has none. Rules on thousands of checks take time. */
  readonly #known = new WeakMap<Check, string | null>();
  /** Checks that could not be read, by service, with the time when that was seen last, Unix ms. */
  readonly #unread = new Map<number, { error: string; at: number }>();

  /** A check could not be read from a message. `now`: Unix ms. */
  note({ service_id, error }: Unread, now: number): void {
    this.#unread.set(service_id ?? 0, { error, at: now });
  }

  /** `now`: Unix ms. */
  unfit(entries: Iterable<{ check: Check }>, now: number): UnfitChecks {
    for (const [id, { at }] of this.#unread) if (Math.abs(now - at) > UNREAD_NAMED_MS) this.#unread.delete(id);
    const unread = [...this.#unread].map(([id, { error }]) => `service ${id} can't be judged: ${error}`);
    const errors = [...entries].flatMap(({ check }) =>
      this.#unread.has(check.service_id) ? [] : (this.#errorOf(check) ?? []),
    );
    return { count: unread.length + errors.length, first: [...unread, ...errors].slice(0, MAX_SHOWN) };
  }

  #errorOf(check: Check): string | null {
    const known = this.#known.get(check);
    if (known !== undefined) return known;
    const text = unreadableText(check) ?? errorOf(check);
    this.#known.set(check, text);
    return text;
  }
}

/** The rules take options as they are read; an older release, or a person in the database, may have stored others. */
function errorsOf(check: Check): FieldError[] {
  const read = healthOptionsSchema.safeParse(check.health_options);
  return read.success
    ? optionErrors({ ...check, health_options: read.data })
    : fieldErrors(read.error, "health_options");
}

function errorOf(check: Check): string | null {
  if (check.name === RESERVED_SERVICE_NAME)
    return `service ${check.service_id}: name: it is reserved: rename the service`;
  const [error] = errorsOf(check);
  return error === undefined ? null : `service ${check.service_id}: ${error.path}: ${error.message}`;
}
