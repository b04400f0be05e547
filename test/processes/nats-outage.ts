/** An outage of the relay or of the core, with flips and registrations meanwhile and a hub that is killed twice. */
import type { NatsConnection } from "@nats-io/transport-node";
import type { NatsPair } from "../servers/nats.ts";
import type { HubProcess } from "./hub-process.ts";
import { beat, countKept, keptEvents, natsHealth, registerHeartbeat } from "./nats-hub.ts";

const SERVICES = 50;
/** A flip of each service in each. */
const ROUNDS = 10;
const POLL_MS = 20;

export interface Outage {
  hub: HubProcess;
  hub_id: string;
  nats: NatsPair;
  core: NatsConnection;
  away: "relay" | "core";
  /** Milliseconds that it stays away at least. */
  lasts: number;
  /** Milliseconds after which what has not arrived counts as lost. */
  patience: number;
}

export interface OutageReport {
  /** Events that had to arrive. */
  expected: number;
  /** Ids that are not in the stream. */
  lost: string[];
  /** Ids that are there more than once. */
  doubled: string[];
  /** Services whose events are not in order. */
  disordered: number[];
  /** What /health said of the connection when the outage was over. */
  reason: string | undefined;
  /** The longest that the API took, milliseconds. */
  slowest_answer: number;
  /** From when the server was back to the last event, milliseconds. */
  recovered_after: number;
}

/** The hub is killed with -9 amid registrations and flips, and again amid the delivery after the outage. */
export async function runOutage(outage: Outage): Promise<OutageReport> {
  const { hub, nats, core, away, lasts } = outage;
  const before = await countKept(core);
  const from = Date.now();
  await nats[away].kill();
  const answers: number[] = [];
  const ids = await registerAll(outage, answers);
  for (let round = 0; round < ROUNDS; round++) {
    await until(() => Date.now() - from >= (lasts * round) / ROUNDS, lasts);
    if (round === ROUNDS / 2) await hub.kill9().then(() => hub.restart());
    await Promise.all(ids.map((id) => timed(answers, beat(hub, id, round % 2 === 0 ? "pass" : "fail"))));
  }
  await until(() => Date.now() - from >= lasts, lasts);
  await until(async () => (await natsHealth(hub)).connection?.status === "warn", outage.patience);
  const { connection } = await natsHealth(hub);
  await nats[away].start();
  const back = Date.now();
  const wanted = before + ids.length * (ROUNDS + 1);
  await until(async () => (await countKept(core).catch(() => 0)) > before, outage.patience);
  await hub.kill9().then(() => hub.restart());
  await until(async () => (await countKept(core)) >= wanted, outage.patience);
  await until(async () => (await natsHealth(hub)).outbox?.observedValue === 0, outage.patience);
  return {
    ...compare(
      outage.hub_id,
      ids,
      (await keptEvents(core)).slice(before).map(({ id }) => id),
    ),
    reason: connection?.output,
    slowest_answer: Math.round(Math.max(...answers)),
    recovered_after: Date.now() - back,
  };
}

async function registerAll({ hub, away }: Outage, answers: number[]): Promise<number[]> {
  const ids: number[] = [];
  for (let number = 0; number < SERVICES; number++) {
    ids.push(await timed(answers, registerHeartbeat(hub, `${away}-${number}`)));
    if (number === SERVICES / 2) await hub.kill9().then(() => hub.restart());
  }
  return ids;
}

function compare(hubId: string, services: readonly number[], kept: readonly string[]) {
  const names = ["registered-1", ...Array.from({ length: ROUNDS }, (_, index) => String(index + 1))];
  const wanted = services.map((id) => names.map((name) => `${hubId}:${id}:${name}`));
  const found = new Set(kept);
  return {
    expected: wanted.flat().length,
    lost: wanted.flat().filter((id) => !found.has(id)),
    doubled: kept.filter((id, index) => kept.indexOf(id) !== index),
    disordered: services.filter((service, index) => {
      const own = kept.filter((id) => id.startsWith(`${hubId}:${service}:`));
      return own.join() !== wanted[index]?.filter((id) => found.has(id)).join();
    }),
  };
}

async function timed<T>(answers: number[], request: Promise<T>): Promise<T> {
  const from = performance.now();
  const answer = await request;
  answers.push(performance.now() - from);
  return answer;
}

/** Waits for the condition, or till the patience (milliseconds) is over: what is missing then is in the report. */
async function until(holds: () => boolean | Promise<boolean>, patience: number): Promise<void> {
  for (const deadline = Date.now() + patience; Date.now() < deadline; ) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
