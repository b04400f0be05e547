import { describe, expect, it } from "vitest";
import { askVantage } from "../../src/pipeline/ask-vantage.ts";
import { aCheck, aFailure, anObservation, T0 } from "../core/fixtures.ts";

const checks = [1, 2].map((service_id) => aCheck({ service_id, health_timeout: 5 }));
const never = new Promise<never>(() => {});

function deps(ask: () => Promise<ReturnType<typeof anObservation>[]>) {
  const waits: { ms: number; signal: AbortSignal }[] = [];
  return {
    waits,
    now: () => T0,
    ask,
    wait: async (ms: number, signal: AbortSignal) => {
      waits.push({ ms, signal });
      if (ask !== silent) await never;
    },
  };
}
const silent = () => never;

describe("another vantage", () => {
  it("is believed, and nobody waits for it any longer", async () => {
    const asked = deps(async () => [anObservation({ vantage: "weur" }), aFailure({ vantage: "weur" })]);
    const findings = await askVantage(checks, "weur", asked);
    expect(findings.map(({ check, observation }) => [check.service_id, observation.verdict])).toEqual([
      [1, "ok"],
      [2, "fail"],
    ]);
    expect(asked.waits[0]?.signal.aborted).toBe(true);
  });

  it.each([
    ["that throws", () => Promise.reject(new Error("object reset")), "vantage weur: object reset"],
    ["that throws no error", () => Promise.reject("gone"), "vantage weur: gone"],
    ["that is silent", silent, "vantage weur: no answer within 15 s"],
    ["that returns nothing", async () => [], "vantage weur: no result"],
  ])("%s says nothing of the services", async (_what, ask, error) => {
    const findings = await askVantage(checks, "weur", deps(ask));
    const blind = { at: T0, vantage: "weur", verdict: "inconclusive", latency_ms: null, error };
    expect(findings).toMatchObject(checks.map((check) => ({ check, observation: blind })));
  });
});
