import { expect, test } from "vitest";
import { Patience } from "../../src/agent/containers/patience.ts";
import type { Verdict } from "../../src/core/service/records.ts";
import { staleAt } from "../../src/core/status/breaker.ts";
import { aCheck, anObservation, T0 } from "../core/fixtures.ts";

const look = (patience: Patience, check: ReturnType<typeof aCheck>, verdict: Verdict, at: number) =>
  patience.judge(check, anObservation({ verdict }), at).verdict;

test.each([5, 15, 60, 3_600])(
  "with an interval of %d s a service is told to be unseen before the hub finds it silent",
  (interval) => {
    const check = aCheck({ health_interval: interval, agent: "dc-1" });
    const stale = staleAt(T0, check, { status: "up", since: T0 - 1 });
    // When the agent started, in parts of an interval after the last result, and how late each look is.
    for (const started of [null, 0.01, 0.5, 0.99]) {
      for (const late of [0, 40, 3_000]) {
        const patience = new Patience();
        if (started === null) look(patience, check, "ok", T0);
        else look(patience, check, "inconclusive", T0 + started * interval * 1_000);
        const verdicts = [1, 2, 3].map((n) => {
          const at = T0 + n * interval * 1_000 + late;
          return { at, verdict: look(patience, check, "inconclusive", at) };
        });
        expect(verdicts.map(({ verdict }) => verdict)).toEqual(["inconclusive", expect.anything(), "unprobeable"]);
        expect(verdicts[2]?.at).toBeLessThan(stale);
      }
    }
  },
);

test("looks that follow each other at once are no long time, and any result ends the wait", () => {
  const check = aCheck({ health_interval: 10, agent: "dc-1" });
  const patience = new Patience();
  look(patience, check, "ok", T0);
  for (let n = 0; n < 9; n++) expect(look(patience, check, "inconclusive", T0 + n * 100)).toBe("inconclusive");
  expect(look(patience, check, "fail", T0 + 20_000)).toBe("fail");
  expect(look(patience, check, "inconclusive", T0 + 30_000)).toBe("inconclusive");
});

test("with an open breaker, whose looks are far apart, one blip does not make a service unknown", () => {
  const check = aCheck({ health_interval: 10, agent: "dc-1" });
  const patience = new Patience();
  look(patience, check, "fail", T0);
  expect(look(patience, check, "inconclusive", T0 + 40_000)).toBe("inconclusive");
  expect(look(patience, check, "fail", T0 + 80_000)).toBe("fail");
});

test("services that are no longer checked are forgotten", () => {
  const check = aCheck({ health_interval: 10, agent: "dc-1" });
  const patience = new Patience();
  look(patience, check, "ok", T0);
  for (const at of [10_000, 20_000]) look(patience, check, "inconclusive", T0 + at);
  patience.keep(new Set());
  expect(look(patience, check, "inconclusive", T0 + 30_000)).toBe("inconclusive");
});
