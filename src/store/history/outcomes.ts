/** Writes the outcomes of rounds: one row for each round, the flips, and the recorded status of each service. */
import { sql } from "drizzle-orm";
import type { OutcomesMessage } from "../../core/lane/queue-messages.ts";
import { flipsOnly } from "../../core/lane/round.ts";
import { epochOrder } from "../../core/service/epoch.ts";
import type { RecordedFlip } from "../../core/status/recorded-flip.ts";
import { type Db, jsonChunks, runBatch } from "../database.ts";
import { insertFlipEvents } from "../events.ts";
import { itemField } from "../fragments.ts";
import { registryState } from "../registry/registry-changes.ts";
import { flips, rounds, services } from "../tables/hub-tables.ts";
import { HOUR_MS, hourOf } from "./hours.ts";
import { lowerRollups } from "./rollup-marks.ts";

/** SQL condition: the new result `incoming` is of a service that the stored row has no result of. */
const isMissing = sql.raw(
  "incoming.value ->> 0 NOT IN (SELECT known.value ->> 0 FROM json_each(rounds.results) AS known)",
);
const mergedResults = sql`(
  SELECT json_group_array(json(merged.value)) FROM (
    SELECT value FROM json_each(rounds.results)
    UNION ALL
    SELECT iif(excluded.vantage = rounds.vantage, incoming.value, json_insert(incoming.value, '$[#]', excluded.vantage))
    FROM json_each(excluded.results) AS incoming WHERE ${isMissing}
  ) AS merged)`;

/**
 * Writes the messages in one transaction; it is safe to repeat. Flips of deleted services are dropped, and messages from
 * another life of the database. Two messages of one round become one row with the results of both.
 */
export async function recordOutcomes(db: Db, sent: readonly OutcomesMessage[]): Promise<void> {
  const { epoch } = await registryState(db);
  const messages = sent.filter((message) => epochOrder(message.epoch, epoch) === "same");
  const reported = messages.flatMap((message) => message.flips);
  const versions = messages.flatMap(({ round: { lane, due_at }, versions: all }) =>
    all.map((version) => ({ ...version, lane, due_at })),
  );
  await runBatch(db, [
    ...jsonChunks(reported.map(flipRecord)).map((json) => insertFlips(db, json)),
    ...insertFlipEvents(db, reported, epoch),
    ...jsonChunks(newestFlips(reported)).map((json) => updateStatuses(db, json)),
    ...jsonChunks(messages.flatMap(roundRecord)).map((json) => insertRounds(db, json)),
    ...jsonChunks(newestVersions(versions)).map((json) => updateVersions(db, json)),
    ...rollUpAgain(db, messages),
  ]);
}

/** Writes flips before their round is recorded; that brings them again. `now`: Unix ms. */
export async function recordFlips(db: Db, reported: RecordedFlip[], now: number): Promise<void> {
  await recordOutcomes(db, [flipsOnly(reported, now)]);
}

/** The evidence is JSON text here, so that SQL stores it unchanged. */
function flipRecord(flip: RecordedFlip) {
  const { service_id, seq, from, to, reason, project_id } = flip;
  const times = { at: Date.parse(flip.at), began_at: Date.parse(flip.began_at) };
  return { service_id, seq, from, to, reason, ...times, evidence: JSON.stringify(flip.evidence), project_id };
}

function newestFlips(reported: readonly RecordedFlip[]) {
  const newest = new Map<number, RecordedFlip>();
  for (const flip of reported) {
    if (flip.seq > (newest.get(flip.service_id)?.seq ?? 0)) newest.set(flip.service_id, flip);
  }
  return [...newest.values()].map(({ service_id, seq, to, at }) => ({ service_id, seq, to, at: Date.parse(at) }));
}

function roundRecord({ round, vantage, started_at, results }: OutcomesMessage) {
  if (results.length === 0) return [];
  return [{ ...round, vantage, started_at, results: JSON.stringify(results) }];
}

function insertFlips(db: Db, json: string) {
  const columns = ["service_id", "seq", "from", "to", "reason", "at", "began_at", "evidence", "project_id"].map(
    itemField,
  );
  return db
    .insert(flips)
    .select(
      sql`SELECT ${sql.join(columns, sql`, `)} FROM json_each(${json}) AS item
          JOIN services ON services.id = ${itemField("service_id")} WHERE TRUE`,
    )
    .onConflictDoNothing();
}

function updateStatuses(db: Db, json: string) {
  return db
    .update(services)
    .set({ status: itemField("to"), status_since: itemField("at"), flip_seq: itemField("seq") })
    .from(sql`json_each(${json}) AS item`)
    .where(sql`${services.id} = ${itemField("service_id")} AND ${services.flip_seq} < ${itemField("seq")}`);
}

function insertRounds(db: Db, json: string) {
  const columns = ["lane", "due_at", "attempt", "vantage", "started_at", "results"].map(itemField);
  return db
    .insert(rounds)
    .select(sql`SELECT ${sql.join(columns, sql`, `)} FROM json_each(${json}) AS item WHERE TRUE`)
    .onConflictDoUpdate({
      target: [rounds.lane, rounds.due_at, rounds.attempt],
      set: { results: mergedResults },
      setWhere: sql`EXISTS (SELECT 1 FROM json_each(excluded.results) AS incoming WHERE ${isMissing})`,
    });
}

function newestVersions<T extends { service_id: number; due_at: number }>(versions: readonly T[]): T[] {
  return [...new Map(versions.toSorted((a, b) => a.due_at - b.due_at).map((item) => [item.service_id, item])).values()];
}

/** A round that comes late, from the queue, tells an older version than the rounds that are recorded already. */
function updateVersions(db: Db, json: string) {
  return db
    .update(services)
    .set({ version: itemField("version") })
    .from(sql`json_each(${json}) AS item`)
    .where(
      sql`${services.id} = ${itemField("service_id")} AND ${services.version} IS NOT ${itemField("version")}
        AND NOT EXISTS (SELECT 1 FROM ${rounds} WHERE lane = ${itemField("lane")} AND due_at > ${itemField("due_at")})`,
    );
}

/** The hours of these rounds count again, those that a rollup reads at this moment too. */
function rollUpAgain(db: Db, messages: readonly OutcomesMessage[]) {
  const times = messages.filter(({ results }) => results.length > 0).map(({ round }) => round.due_at);
  return times.length === 0 ? [] : lowerRollups(db, hourOf(Math.min(...times)) - HOUR_MS);
}
