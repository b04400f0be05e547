/** Joins the pipeline's steps with the objects, the queues and the store: each step's Deps, made from the bindings. */

import { troublesOf } from "../core/hub/hub-health.ts";
import { HOME_VANTAGE } from "../core/service/records.ts";
import { DATABASE_AT_ONCE_MS, DATABASE_SOON_MS, LANE_TAKES_MS, LONGEST_EARLY_MS } from "../core/time/durations.ts";
import { within } from "../core/values/settle-each.ts";
import { readHubFacts } from "../http/hub/hub-facts.ts";
import { noBridge } from "../nats/health.ts";
import { type AskVantageDeps, askVantage } from "../pipeline/ask-vantage.ts";
import { type CheckCausesDeps, checkCauses } from "../pipeline/check-causes.ts";
import type { PlanDeps } from "../pipeline/plan.ts";
import type { ProbeDeps } from "../pipeline/probe.ts";
import type { TakeReportDeps } from "../pipeline/take-report.ts";
import type { BridgeStatus } from "../platform/bindings.ts";
import { laneCalls } from "../platform/lane-calls.ts";
import { errorText, log } from "../platform/log.ts";
import { boardOf, bridgeOf, proberOf } from "../platform/object-stubs.ts";
import { sendRounds } from "../platform/queues.ts";
import { canSee } from "../probes/control-target.ts";
import { probeAll } from "../probes/probe-all.ts";
import type { ProbePlace } from "../probes/probe-in-slot.ts";
import { openDatabase } from "../store/database.ts";
import { dependenciesOf, loadChecks } from "../store/registry/checks.ts";
import { noteTroubles } from "../store/troubles.ts";
import { recordAtOnce, writeFlips } from "./history.ts";
import type { Hub } from "./hub.ts";

export function planDeps({ env, settings, clock }: Hub): PlanDeps {
  return {
    now: clock.now,
    wait: clock.wait,
    vantages: settings.PROBE_VANTAGES,
    load: () => loadChecks(openDatabase(env.DB, DATABASE_SOON_MS)),
    remembered: async () => boardOf(env).toPlan(),
    send: (messages, sent) => sendRounds(env, messages, clock, sent),
    planned: async ({ at, unread }) => {
      await boardOf(env).planned(at);
      if (unread.length > 0) await boardOf(env).unjudged(unread);
    },
    failed: (error) => log("error", "plan.failed", { error: errorText(error) }),
  };
}

export function probeDeps(hub: Hub, place?: ProbePlace): ProbeDeps {
  const { env, settings, clock } = hub;
  return {
    now: clock.now,
    wait: clock.wait,
    longestWait: clock.fromPlatform(clock.platformTime(clock.now()) + LONGEST_EARLY_MS) - clock.now(),
    probe: async (checks, vantage, found) => {
      if (vantage === HOME_VANTAGE) {
        return probeAll(checks, vantage, { settings, clock, vars: env, place }, found);
      }
      const findings = await askVantage(checks, vantage, askVantageDeps(hub));
      await Promise.all(findings.map(found));
    },
    watched: async (checks) => {
      const planned = checks.map(({ service_id: id, rev }) => ({ id, rev }));
      const { obsolete, unsettled } = await boardOf(env).standing(planned);
      const watched = obsolete.length === 0 ? checks : checks.filter((check) => !obsolete.includes(check.service_id));
      return { checks: watched, unsettled: new Set(unsettled) };
    },
    // A lane that hangs fails its round, so that the hub knows that it could not hear.
    observe: (round, findings) =>
      within(LANE_TAKES_MS, laneCalls(env, clock).observe(round, findings, settings.PROBE_VANTAGES), clock),
    canSee: () => canSee(settings.PROBE_CONTROL_URL),
    publish: async (update, checks) => {
      const board = boardOf(env);
      const unknown = await board.apply(update);
      if (unknown.length === 0) return;
      await board.learn(checks.filter((check) => unknown.includes(check.service_id)));
      await board.apply(update);
    },
    writeFlips: (flips) => writeFlips(flips, hub),
    record: (message) => recordAtOnce(message, hub, DATABASE_AT_ONCE_MS),
    retry: (messages) => sendRounds(env, messages, clock),
    causes: (failing) => checkCauses(failing, causesDeps(hub)),
  };
}

function causesDeps({ env, settings, clock }: Hub): CheckCausesDeps {
  return {
    now: clock.now,
    dependenciesOf: (ids, limit) => dependenciesOf(openDatabase(env.DB), ids, settings.HUB_ID, limit),
    claim: async (ids) => boardOf(env).claimCauses(ids),
    send: (messages) => sendRounds(env, messages, clock),
    failed: (error) => log("warn", "causes.not_checked", { error: errorText(error) }),
  };
}

function askVantageDeps({ env, clock: { now, wait } }: Hub): AskVantageDeps {
  return { now, wait, ask: async (checks, vantage) => proberOf(env, vantage).probe(checks, vantage) };
}

/** An agent retries by itself, and sees from its own place only. */
export function reportDeps(hub: Hub): TakeReportDeps {
  const { env, clock } = hub;
  const { publish, writeFlips, record, causes } = probeDeps(hub);
  return {
    now: clock.now,
    publish,
    writeFlips,
    record,
    causes,
    wait: clock.wait,
    refusedUntil: async (ids) => boardOf(env).refusedUntil(ids),
    reportRefused: async (ids, error) => {
      log("error", "report.untaken", { services: ids.length, error: errorText(error) });
      await boardOf(env).reportRefused({ service_ids: ids });
    },
    observe: (round, findings) => laneCalls(env, clock).observe(round, findings, []),
  };
}

/** Returns null when no NATS is set up. */
export async function bridgeStatus({ env, settings }: Hub): Promise<BridgeStatus | null> {
  if (settings.NATS_URL === undefined) return null;
  try {
    return await bridgeOf(env).status();
  } catch (error) {
    log("error", "nats.bridge_unreachable", { error: errorText(error) });
    return noBridge("the bridge to NATS does not answer");
  }
}

/** Writes what is wrong with the hub into its log. Called each minute. */
export async function lookAtItself(hub: Hub): Promise<void> {
  const { env, settings, clock } = hub;
  const db = openDatabase(env.DB);
  try {
    const { health } = await readHubFacts({
      db,
      settings,
      now: clock.now,
      nats: () => bridgeStatus(hub),
      pipelineHealth: async () => boardOf(env).report(),
    });
    await noteTroubles(db, troublesOf(health), clock.now());
  } catch (error) {
    log("error", "health.not_noted", { error: errorText(error) });
  }
}

/** Tells the board that the cron came. Called each minute. */
export async function noteTick({ env, clock }: Hub): Promise<void> {
  try {
    await boardOf(env).ticked(clock.now());
  } catch (error) {
    log("error", "board.awake_failed", { error: errorText(error) });
  }
}

/** Publishes the latest values. Called each minute. */
export async function tellNats({ env, settings }: Hub): Promise<void> {
  if (settings.NATS_URL === undefined) return;
  try {
    await bridgeOf(env).tick();
  } catch (error) {
    log("error", "nats.tick_failed", { error: errorText(error) });
  }
}
