import fc from "fast-check";
import { expect, it } from "vitest";
import type { OutcomesMessage, RoundResult } from "../../../src/core/lane/queue-messages.ts";
import { splitOutcomes } from "../../../src/core/lane/round.ts";
import type { Attempt } from "../../../src/core/status/recorded-flip.ts";
import { aRecordedFlip, aRound, T0 } from "../fixtures.ts";

const LIMIT_BYTES = 128_000;
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value)).length;

/** Texts in scripts whose characters take one to four bytes, or six when they are escaped. */
const text = (chars: number) => fc.constantFrom("x", "ü", "界", "💥", "\u0001", '"').map((char) => char.repeat(chars));
const result = fc
  .tuple(fc.integer({ min: 1, max: 99_999 }), text(300), text(100), fc.integer({ min: 0, max: 64 }))
  .map(([id, error, value, details]): RoundResult => {
    const named = Array.from({ length: details }, (_, n) => [`${value.slice(0, 30)}${n}`, value]);
    return [id, 0, 3, 12.5, error, Object.fromEntries(named)];
  });
const flip = fc.tuple(fc.nat(99_999), text(300), fc.integer({ min: 0, max: 12 })).map(([seq, error, attempts]) => {
  const attempt: Attempt = { at: new Date(T0).toISOString(), vantage: "home", ok: false, latency_ms: null, error };
  return aRecordedFlip({ seq, reason: error, evidence: Array(attempts).fill(attempt) });
});

it("no message is larger than the queue takes, whatever is in it, and nothing is lost or doubled", () => {
  fc.assert(
    fc.property(
      fc.array(result, { maxLength: 24 }),
      fc.array(flip, { maxLength: 60 }),
      fc.array(fc.record({ service_id: fc.nat(), version: text(50) }), { maxLength: 24 }),
      (results, flips, versions) => {
        const message: OutcomesMessage = {
          round: aRound(),
          epoch: "",
          vantage: "home",
          started_at: T0,
          results,
          flips,
          versions,
        };
        const parts = splitOutcomes(message);
        for (const part of parts) expect(bytes(part)).toBeLessThanOrEqual(LIMIT_BYTES);
        expect(parts.flatMap((part) => part.results)).toEqual(results);
        expect(parts.flatMap((part) => part.flips)).toEqual(flips);
        expect(parts.flatMap((part) => part.versions)).toEqual(versions);
      },
    ),
    { numRuns: 100 },
  );
});
