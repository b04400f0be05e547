/** Services that call in by themselves: what they send to the hub in a run of chaos. */
import { json } from "../processes/hub-client.ts";
import type { HubProcess } from "../processes/hub-process.ts";
import type { Answer } from "./chaos-oracle.ts";
import type { ChaosPlan, ChaosService } from "./chaos-schedule.ts";
import { wayAt } from "./chaos-target.ts";
import type { Clock } from "./strike.ts";

const BEAT_MS = 1_000;

export const heartbeats = ({ services }: ChaosPlan) => services.filter(({ eye }) => eye === "heartbeat");

export async function sendBeat(hub: HubProcess, id: number, ok: boolean): Promise<void> {
  const answer = await hub.fetch(`/api/services/${id}/heartbeat`, json("POST", { status: ok ? "pass" : "fail" }));
  if (answer.status !== 202) throw new Error(`${answer.status}: ${await answer.text()}`);
}

/** Says each second how the service is, as the schedule has it; resolves with its name and what the hub took. */
export async function beatOn(
  hub: HubProcess,
  service: ChaosService,
  id: number,
  clock: Clock,
  end: number,
): Promise<[string, Answer[]]> {
  const answers: Answer[] = [];
  for (let due = 0; due < end; due = Math.max(due + BEAT_MS, clock.now())) {
    await clock.reach(due);
    const at = clock.now();
    const ok = wayAt(service, at) === null;
    await sendBeat(hub, id, ok)
      .then(() => answers.push({ at, ok }))
      .catch(() => {}); // the hub is away: the next beat says it
  }
  return [service.name, answers];
}
