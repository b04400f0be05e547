/** Runs the probes of a round in this Worker or object. A probe waits for its slot before it starts. */

import type { Settings } from "../core/hub/settings.ts";
import { LOCAL_SLOTS, lastStart, WORKER_SLOTS } from "../core/lane/slots.ts";
import { isProbed } from "../core/methods/index.ts";
import type { DueCheck, Finding } from "../core/service/check.ts";
import { secretIn, secretRules } from "../core/service/secrets.ts";
import type { Clock } from "../core/time/clock.ts";
import { internetOf } from "../platform/internet.ts";
import { networkLooks } from "../platform/looks.ts";
import { HungHosts } from "./hung-hosts.ts";
import { Lateness } from "./lateness.ts";
import { Lately } from "./look-memory.ts";
import type { ProbeContext } from "./probe.ts";
import { type ProbePlace, probeInSlot } from "./probe-in-slot.ts";
import { Slots } from "./slots.ts";

export interface ProbingEnv {
  clock: Clock;
  settings: Settings;
  /** All vars and secrets of the Worker; only those named PROBE_SECRET_* are read. */
  vars: object;
  /** The slots that the rounds of one invocation share; absent: the round has slots of its own. */
  place?: ProbePlace | undefined;
}

/** Of all invocations in this isolate, so that a round knows who hung in the one before. */
const hungHosts = new HungHosts();
const lookedAt = new Lately();

/** `deployed`: the limits of this invocation at Cloudflare. */
export function makeSlots(settings: Settings, deployed = WORKER_SLOTS): Slots {
  return new Slots(settings.LOCAL_QUEUES ? LOCAL_SLOTS : deployed, hungHosts);
}

/** Probes the checks. Calls `report` for each when its probe ends. Skips `exec` and `heartbeat` checks. */
export async function probeAll(
  checks: readonly DueCheck[],
  vantage: string,
  env: ProbingEnv,
  report: (finding: Finding) => Promise<void>,
): Promise<void> {
  const place = env.place ?? { slots: makeSlots(env.settings) };
  const context = probeContext(vantage, env);
  const startBy = lastStart(checks, vantage);
  await Promise.all(
    checks.map(async ({ after_ms = 0, ...check }) => {
      if (!isProbed(check.health_method)) return;
      if (after_ms > 0) await env.clock.wait(after_ms);
      const observation = await probeInSlot(check, context, place, Math.max(0, startBy - after_ms));
      await report({ check, observation });
    }),
  );
}

function probeContext(vantage: string, { settings, vars, clock }: ProbingEnv): ProbeContext {
  const internet = internetOf(vars);
  return {
    vantage,
    hubId: settings.HUB_ID,
    allowPrivateTargets: settings.ALLOW_PRIVATE_TARGETS,
    looks: { ...networkLooks(vars), memory: lookedAt },
    mayReceive: secretRules(vars, settings.PROBE_SECRETS_ANYWHERE),
    secret: (name) => secretIn(vars, name),
    connect: (address, options) => internet.connect(address, options),
    fetch: (input, init) => internet.fetch(input, init),
    fetchesAddresses: settings.LOCAL_QUEUES,
    canSkipVerification: false,
    md5: (bytes) => crypto.subtle.digest("MD5", bytes),
    now: clock.now,
    lateness: new Lateness(clock),
  };
}
