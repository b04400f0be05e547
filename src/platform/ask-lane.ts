/** Asks a lane's monitor about services. First moves the states of services that were in another lane before. */

import type { LaneAnswer } from "../core/lane/lane-answer.ts";
import type { Leaver, Released } from "../core/lane/lane-record.ts";
import type { Check } from "../core/service/check.ts";
import type { MonitorState } from "../core/status/monitor-state.ts";

/** Calls to the monitors of lanes. Each call may be repeated. */
export interface MoveDeps {
  release(lane: number, leavers: Leaver[]): Promise<Released[]>;
  adopt(lane: number, newcomers: { check: Check; state: MonitorState | null }[]): Promise<void>;
  forget(lane: number, leavers: Leaver[]): Promise<void>;
  settle(lane: number, serviceIds: number[]): Promise<void>;
}

/**
 * Returns the results in the order of `items`, which all belong to the lane. A result is null when the lane does not
 * watch the service any more. Throws when a monitor does not answer; the caller may then repeat the whole call.
 */
export async function askLane<I extends { check: Check }, T>(
  lane: number,
  items: readonly I[],
  ask: (items: I[]) => Promise<LaneAnswer<T>>,
  deps: MoveDeps,
): Promise<(T | null)[]> {
  const first = await ask([...items]);
  await settleAll(lane, items, first.unsettled, deps);
  if (first.strangers.length === 0) return first.results;
  const strangers = items.filter(({ check }) => first.strangers.includes(check.service_id));
  await moveIn(
    lane,
    strangers.map(({ check }) => check),
    deps,
  );
  const second = await ask(strangers);
  await settleAll(lane, strangers, second.unsettled, deps);
  const late = new Map(strangers.map((item, index) => [item, second.results[index] ?? null]));
  return items.map((item, index) => late.get(item) ?? first.results[index] ?? null);
}

/**
 * Takes the state of the newest former lane that has one: an older lane may still keep a state that it handed over.
 * Leaves out services that moved to yet another lane meanwhile.
 */
async function moveIn(lane: number, checks: readonly Check[], deps: MoveDeps): Promise<void> {
  const states = new Map<number, MonitorState>();
  const superseded = new Set<number>();
  for (const [former, leavers] of leaversByLane(checks)) {
    const released = await deps.release(former, leavers.map(leaverOf));
    leavers.forEach(({ service_id }, index) => {
      const { state = null, superseded: isLate = false } = released[index] ?? {};
      if (isLate) superseded.add(service_id);
      if (state !== null && !states.has(service_id)) states.set(service_id, state);
    });
  }
  const newcomers = checks.filter(({ service_id }) => !superseded.has(service_id));
  await deps.adopt(
    lane,
    newcomers.map((check) => ({ check, state: states.get(check.service_id) ?? null })),
  );
}

/** Returns each former lane with the checks that were in it. The newest former lane of every check comes first. */
function leaversByLane(checks: readonly Check[]): [number, Check[]][] {
  const depths = Math.max(0, ...checks.map((check) => check.former_lanes.length));
  return Array.from({ length: depths }, (_, depth) => depth).flatMap((depth) => {
    const leaving = checks.filter((check) => check.former_lanes[depth] !== undefined);
    return [...Map.groupBy(leaving, (check) => check.former_lanes[depth] ?? 0)];
  });
}

/** Tells former lanes to forget the states that arrived, and tells the lane that they did. */
async function settleAll<I extends { check: Check }>(
  lane: number,
  items: readonly I[],
  unsettled: LaneAnswer<unknown>["unsettled"],
  deps: MoveDeps,
): Promise<void> {
  if (unsettled.length === 0) return;
  const checks = new Map(items.map(({ check }) => [check.service_id, check]));
  for (const [former, members] of Map.groupBy(unsettled, (each) => each.lane)) {
    await deps.forget(
      former,
      members.flatMap(({ service_id }) => {
        const check = checks.get(service_id);
        return check === undefined ? [] : [leaverOf(check)];
      }),
    );
  }
  await deps.settle(lane, [...new Set(unsettled.map(({ service_id }) => service_id))]);
}

function leaverOf({ service_id, epoch, rev }: Check): Leaver {
  return { service_id, epoch, rev };
}
