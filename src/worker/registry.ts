/** Handles a change of the registry. A step that fails here happens within a minute: the board follows the registry. */

import type { ProjectLite } from "../core/board/live-protocol.ts";
import type { RegistryChange } from "../core/board/registry-change.ts";
import { toCheck } from "../core/service/service-row.ts";
import { REGISTRY_SETTLED_MS } from "../core/time/durations.ts";
import type { BoardSteps } from "../objects/board/board-steps.ts";
import { type RegisterDeps, reasonToClose, registryChanged } from "../pipeline/register.ts";
import { laneCalls } from "../platform/lane-calls.ts";
import { errorText, log } from "../platform/log.ts";
import { boardOf } from "../platform/object-stubs.ts";
import { sendOutcomes, sendRounds } from "../platform/queues.ts";
import { openDatabase } from "../store/database.ts";
import { beginFollow, changedServices, changesOf, markOf } from "../store/registry/registry-changes.ts";
import { wakeReaders } from "./history.ts";
import type { Hub } from "./hub.ts";

/** A change of more services would take more calls than an invocation may make. The board then follows it page by page. */
const MAX_AT_ONCE = 500;
/** 50,000 services; what is left follows in the next minute. */
const MAX_PAGES = 100;
/** In the worst case each of these services is in a lane of its own, and an invocation may make 1,000 calls. */
const PAGE_SERVICES = 500;

/** The change is stored already, so a failure here is not its caller's. */
export async function followChange(change: RegistryChange, hub: Hub): Promise<void> {
  await Promise.all([wakeReaders(hub), followInHub(change, hub)]);
}

async function followInHub(change: RegistryChange, hub: Hub): Promise<void> {
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
      check: toCheck(row),
      created: created.includes(row.id),
      revised: revised.includes(row.id),
    })),
    deregistered: deregistered.map(({ row, deleted }) => ({
      check: toCheck(row),
      reason: reasonToClose(row, deleted),
      deleted,
    })),
  };
}

function registerDeps(hub: Hub): RegisterDeps {
  const { env } = hub;
  return {
    ...lanesAndQueues(hub),
    boardAdd: async (checks, created) => boardOf(env).add(checks, created),
    boardRemove: async (leaving, flips) => boardOf(env).remove(leaving, flips),
  };
}

/** The steps after a change of the registry, without those of the board. */
function lanesAndQueues({ env, settings, clock }: Hub): Omit<RegisterDeps, "boardAdd" | "boardRemove"> {
  return {
    now: clock.now,
    wait: clock.wait,
    vantages: settings.PROBE_VANTAGES,
    close: laneCalls(env, clock).close,
    record: (message) => sendOutcomes(env, message),
    send: (messages) => sendRounds(env, messages, clock),
    failed: (lane, error) => log("error", "lane.no_answer", { lane, error: errorText(error) }),
  };
}

/** For the board, which follows the registry by itself. */
export function followDeps(hub: Hub): BoardSteps["follow"] {
  const { env, clock } = hub;
  const db = openDatabase(env.DB);
  return {
    ...lanesAndQueues(hub),
    begin: (asked) => beginFollow(db, asked, clock.now()),
    changedServices: (since) => changedServices(db, since, PAGE_SERVICES),
    changesOf: (ids) => changesOf(db, ids),
    markOf: (revision) => markOf(db, revision, clock.now()),
    bury: laneCalls(env, clock).bury,
  };
}

/** The project is stored already, so a failure here is not its caller's. */
export async function projectChanged({ id, name, status }: ProjectLite, hub: Hub): Promise<void> {
  const project = { id, name, status };
  try {
    await Promise.all([boardOf(hub.env).projectChanged(project), wakeReaders(hub)]);
  } catch (error) {
    log("warn", "project.announce_failed", { error: errorText(error) });
  }
}
