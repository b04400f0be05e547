/** Probes a target the way the hub does, or an agent. */
import type { Check } from "../../src/core/service/check.ts";
import type { Observation } from "../../src/core/service/records.ts";
import type { ProbeContext } from "../../src/probes/probe.ts";
import { runProbe, targetOf } from "../../src/probes/run-probe.ts";
import { TEST_PASSWORD } from "../servers/test-servers.ts";
import { runtime } from "./runtime.ts";

const BASE: Check = {
  service_id: 1,
  project_id: 1,
  project: "test",
  epoch: "",
  name: "target",
  service_type: "other",
  health_method: "http",
  health_url: "",
  health_interval: 30,
  health_timeout: 2,
  health_retries: 0,
  recover_after: 1,
  health_options: {},
  agent: null,
  rev: 1,
  lane: 3_000_000,
  former_lanes: [],
  recorded_status: "unknown",
  recorded_since: 0,
  recorded_seq: 0,
  version: null,
};

export function runCheck(
  over: Partial<Check>,
  allowPrivateTargets = true,
  context: Partial<ProbeContext> = {},
): Promise<Observation> {
  const check = { ...BASE, ...over };
  const whole = contextWith({ allowPrivateTargets, ...context });
  const seat = { until: (free: Promise<unknown>) => void free.catch(() => {}), hung: () => {} };
  return runProbe(check, whole, { target: targetOf(check, whole), seat });
}

export function contextWith(over: Partial<ProbeContext> = {}): ProbeContext {
  return {
    vantage: "home",
    hubId: "hub-test",
    allowPrivateTargets: true,
    mayReceive: () => true,
    fetchesAddresses: true,
    secret: (name) => (name === "PROBE_SECRET_TEST" ? TEST_PASSWORD : undefined),
    ...runtime,
    now: () => Date.now(),
    ...over,
  };
}
