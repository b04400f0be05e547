/** What follows from a change of the registry. Whatever fails here happens within a minute: the board follows the registry. */

import type { Check } from "../core/check.ts";
import { REGISTRY_SETTLED_MS } from "../core/durations.ts";
import type { ProjectLite } from "../core/live-protocol.ts";
import type { RegistryChange } from "../core/registry-change.ts";
import { toCheck } from "../core/service-row.ts";
import { type RegisterDeps, reasonToClose, registryChanged } from "../pipeline/register.ts";
import { laneCalls } from "../platform/lane-calls.ts";
import { errorText, log } from "../platform/log.ts";
import { boardOf, bridgeOf } from "../platform/object-stubs.ts";
import { sendOutcomes, sendRounds } from "../platform/queues.ts";
import { announceEarly } from "./deps.ts";
import type { Hub } from "./hub.ts";

/** A change of more services would take more calls than an invocation may make. The board then follows it page by page. */
const MAX_AT_ONCE = 500;
/** 50,000 services; what is left follows in the next minute. */
const MAX_PAGES = 100;

/** The change is stored already, so a failure here is not its caller's. */
export async function followChange(change: RegistryChange, hub: Hub): Promise<void> {
  const services = change.registered.length + change.deregistered.length;
  if (services > MAX_AT_ONCE) return await catchUp(hub, 0);
  try {
    await registryChanged(pipelineChange(change), registerDeps(hub)); // lanes that fail are followed later, too
  } catch (error) {
    log("warn", "registry.followed_later", { services, error: errorText(error) });
  }
}

/**
 * Lets everything happen that follows from changes of the registry and has not happened. Called each minute. `age`: of the
 * youngest change that is looked at, milliseconds.
 */
export async function catchUp({ env }: Hub, age = REGISTRY_SETTLED_MS): Promise<void> {
  try {
    for (let page = 0; page < MAX_PAGES; page++) {
      if (!(await boardOf(env).follow(age))) return;
    }
  } catch (error) {
    log("warn", "registry.board_away", { error: errorText(error) });
  }
}

function pipelineChange({ registered, deregistered, created, revised }: RegistryChange) {
  return {
    registered: registered.map((row) => ({
      ...{ check: toCheck(row), created: created.includes(row.id), revised: revised.includes(row.id) },
    })),
    deregistered: deregistered.map(({ row, deleted, reason }) => ({
      check: toCheck(row),
      reason: reason ?? reasonToClose(row, deleted),
      deleted,
    })),
  };
}

function registerDeps(hub: Hub): RegisterDeps {
  const { env, settings, clock } = hub;
  return {
    now: clock.now,
    wait: clock.wait,
    vantages: settings.PROBE_VANTAGES,
    close: laneCalls(env, clock).close,
    record: (message) => sendOutcomes(env, message),
    send: (messages) => sendRounds(env, messages, clock),
    boardAdd: async (checks, created) => boardOf(env).add(checks, created),
    boardRemove: async (leaving, flips) => boardOf(env).remove(leaving, flips),
    announce: (event, checks) => announceServices(event, checks, hub),
    announceFlips: (flips) => announceEarly(flips, hub),
    failed: (lane, error) => log("warn", "lane.no_answer", { lane, error: errorText(error) }),
  };
}

/** A registration does not wait for a bridge that fails. The bridge compares itself with the registry each minute. */
async function announceServices(
  event: "registered" | "deregistered",
  checks: Check[],
  { env, settings }: Hub,
): Promise<void> {
  try {
    if (settings.NATS_URL !== undefined) await bridgeOf(env).announceServices(event, checks);
  } catch (error) {
    log("warn", "nats.announce_failed", { error: errorText(error) });
  }
}

/** The project is stored already, so a failure here is not its caller's. */
export async function projectChanged({ id, name, status }: ProjectLite, { env, settings, clock }: Hub): Promise<void> {
  const project = { id, name, status };
  try {
    await boardOf(env).projectChanged(project);
    if (settings.NATS_URL !== undefined) await bridgeOf(env).announceProject(project, clock.now());
  } catch (error) {
    log("warn", "project.announce_failed", { error: errorText(error) });
  }
}
