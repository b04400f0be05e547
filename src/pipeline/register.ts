/** The consequences of a change in the registry: closes services in their lanes, tells the board, checks newcomers. */

import type { Leaving } from "../core/board/board.ts";
import type { Closing } from "../core/board/registry-change.ts";
import type { Unwatched } from "../core/lane/lane-answer.ts";
import { isScheduled } from "../core/lane/lanes.ts";
import type { OutcomesMessage, ProbeMessage } from "../core/lane/queue-messages.ts";
import { flipsOnly, recordedFlip } from "../core/lane/round.ts";
import { catchUpWindow, firstRounds, planRounds } from "../core/lane/schedule.ts";
import type { Check } from "../core/service/check.ts";
import type { ServiceRow } from "../core/service/service-row.ts";
import type { RecordedFlip } from "../core/status/recorded-flip.ts";
import { LANE_ANSWERS_MS } from "../core/time/durations.ts";
import { settleEach } from "../core/values/settle-each.ts";

export interface WatchChange {
  /**
   * Services that are checked from now on. `created`: the service is new or restarted. `revised`: it is to be checked at
   * once; for any other the rounds that are planned already are right.
   */
  registered: { check: Check; created: boolean; revised: boolean }[];
  deregistered: Closing[];
}

/** Why the hub stops watching a service. The log of events says the same, see migrations/0011_events.sql. */
export function reasonToClose(
  row: Pick<ServiceRow, "enabled" | "paused_until" | "gone_since" | "gone_reason">,
  deleted: boolean,
): string {
  if (deleted) return "deregistered";
  if (!row.enabled) return row.paused_until === null ? "disabled" : `paused until ${minuteOf(row.paused_until)}`;
  return row.gone_since === null ? "deregistered" : (row.gone_reason ?? "the container has ended");
}

function minuteOf(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16)}Z`;
}

export interface RegisterDeps {
  now(): number;
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  vantages: readonly string[];
  /** Returns results in the order of `closing`, whose services all belong to the lane. */
  close(lane: number, closing: Closing[]): Promise<(Unwatched | null)[]>;
  record(message: OutcomesMessage): Promise<void>;
  send(messages: ProbeMessage[]): Promise<void>;
  boardAdd(checks: Check[], created: number[]): Promise<void>;
  /** `flips`: what the end of the watch made of the services' statuses. */
  boardRemove(leaving: Leaving[], flips: RecordedFlip[]): Promise<void>;
  /** The lane did not answer. The others did. */
  failed(lane: number, error: unknown): void;
}

/** Returns the services whose lanes failed or hung: they are still watched, and everything else has happened. */
export async function registryChanged(change: WatchChange, deps: RegisterDeps): Promise<Closing[]> {
  const left = change.deregistered.length > 0 ? await deregister(change.deregistered, deps) : [];
  if (change.registered.length > 0) await register(change.registered, deps);
  return left;
}

async function register(registered: WatchChange["registered"], deps: RegisterDeps): Promise<void> {
  const checks = registered.map(({ check }) => check);
  const created = registered.filter((item) => item.created).map(({ check }) => check);
  await deps.boardAdd(
    checks,
    created.map((check) => check.service_id),
  );
  const scheduled = registered.flatMap(({ check, revised }) => (revised && isScheduled(check.lane) ? [check] : []));
  if (scheduled.length === 0) return;
  const now = deps.now();
  await deps.send([...firstRounds(scheduled, now), ...planRounds(scheduled, catchUpWindow(now), deps.vantages)]);
}

/**
 * The services leave the board last: whoever finds one there that is not watched any more knows that one of the other
 * steps failed, and takes them all again.
 */
async function deregister(deregistered: readonly Closing[], deps: RegisterDeps): Promise<Closing[]> {
  const lanes = [...Map.groupBy(deregistered, ({ check }) => check.lane)];
  const close = ([lane, members]: [number, Closing[]]) => closeInLane(lane, members, deps);
  const { done, failed } = await settleEach(lanes, close, { limitMs: LANE_ANSWERS_MS, wait: deps.wait });
  for (const { item, error } of failed) deps.failed(item[0], error);
  const left = failed.flatMap(({ item: [, members] }) => members);
  const closing = deregistered.filter((each) => !left.includes(each));
  if (closing.length === 0) return left;
  const flips = done.flatMap(({ value }) => value);
  if (flips.length > 0) await deps.record(flipsOnly(flips, deps.now()));
  await deps.boardRemove(closing.map(leaving), flips);
  return left;
}

function leaving({ check: { service_id, epoch, rev }, deleted }: Closing): Leaving {
  return { service_id, epoch, rev: deleted ? null : rev };
}

async function closeInLane(lane: number, closing: Closing[], deps: RegisterDeps): Promise<RecordedFlip[]> {
  const silences = await deps.close(lane, closing);
  return closing.flatMap(({ check }, index) => {
    const silence = silences[index] ?? null;
    if (silence === null) return [];
    const { live, flips } = silence;
    return flips.map((flip) => recordedFlip(flip, check, { live, version: check.version }));
  });
}
