/** What follows a change of the registry: monitors closed, boards told, first checks at once. */
import type { Check, OutcomesMessage, ProbeMessage, RecordedFlip, ScheduledCheck } from "../core/records.ts";
import { catchUpWindow, firstRounds, planRounds } from "../core/schedule.ts";

export interface RegisteredCheck {
  check: Check;
  /** Null for methods that are not probed by the hub. */
  lane: number | null;
  status: ScheduledCheck["status"];
  status_since: number;
  /** New or restarted: to be announced. */
  created: boolean;
}

export interface RegistryChange {
  registered: RegisteredCheck[];
  deregistered: { check: Check; reason: string }[];
}

export interface RegisterDeps {
  now(): number;
  vantages: readonly string[];
  close(check: Check, reason: string): Promise<RecordedFlip[]>;
  record(message: OutcomesMessage): Promise<void>;
  send(messages: ProbeMessage[]): Promise<void>;
  /** `lanes`: of the checks, in their order; null for those that are not scheduled. */
  boardAdd(checks: Check[], created: number[], lanes: (number | null)[]): Promise<void>;
  boardRemove(checks: Check[]): Promise<void>;
  announce(event: "registered" | "deregistered", checks: Check[]): Promise<void>;
  /** Idempotent: the record announces them too, but only after the deregistration would be out. */
  announceFlips(flips: RecordedFlip[]): Promise<void>;
}

/** Flips a message may carry: 128 KB, each with its evidence. */
const FLIPS_A_MESSAGE = 40;

export async function registryChanged(change: RegistryChange, deps: RegisterDeps): Promise<void> {
  if (change.deregistered.length > 0) await deregister(change.deregistered, deps);
  if (change.registered.length > 0) await register(change.registered, deps);
}

async function register(registered: RegisteredCheck[], deps: RegisterDeps): Promise<void> {
  const checks = registered.map(({ check }) => check);
  const created = registered.filter((item) => item.created).map(({ check }) => check);
  await deps.boardAdd(
    checks,
    created.map((check) => check.service_id),
    registered.map((item) => item.lane),
  );
  if (created.length > 0) await deps.announce("registered", created);
  const scheduled = registered.filter((item): item is RegisteredCheck & ScheduledCheck => item.lane !== null);
  const now = deps.now();
  await deps.send([...firstRounds(scheduled, now), ...planRounds(scheduled, catchUpWindow(now), deps.vantages)]);
}

async function deregister(deregistered: RegistryChange["deregistered"], deps: RegisterDeps): Promise<void> {
  const flips = (await Promise.all(deregistered.map(({ check, reason }) => deps.close(check, reason)))).flat();
  const checks = deregistered.map(({ check }) => check);
  await deps.boardRemove(checks);
  const now = deps.now();
  for (let start = 0; start < flips.length; start += FLIPS_A_MESSAGE) {
    const round = { lane: 0, due_at: now, attempt: start };
    const part = flips.slice(start, start + FLIPS_A_MESSAGE);
    await deps.record({ round, vantage: "home", started_at: now, results: [], flips: part, versions: [] });
  }
  if (flips.length > 0) await deps.announceFlips(flips);
  await deps.announce("deregistered", checks);
}
