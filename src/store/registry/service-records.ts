/** Makes the row of a service from parsed input: chooses its lane and decides whether its check has a new revision. */
import { sql } from "drizzle-orm";
import { chooseLane, firstLane } from "../../core/lane/lanes.ts";
import { isProbedByHub } from "../../core/methods/index.ts";
import {
  FIELD_NAMES,
  type FieldName,
  pick,
  REVISING_FIELDS,
  type ServiceDefinition,
  type ServiceInput,
} from "../../core/service/service-definition.ts";
import type { ServiceRow } from "../../core/service/service-row.ts";
import type { Db } from "../database.ts";
import { laterThanRead } from "../tables/columns.ts";
import type { services } from "../tables/hub-tables.ts";

/** Lanes that a service keeps. History in older lanes is no longer found. Each lane costs one more range to read. */
const MAX_LANES = 8;

/** The fields that decide the lane of a service. */
type Scheduling = Pick<ServiceInput, "health_method" | "health_interval" | "agent">;

export type LaneCounts = Map<number, number>;

/** How many members each lane of these intervals has. Triggers of the database count them. */
export async function countLanes(db: Db, intervals: Iterable<number>): Promise<LaneCounts> {
  const ranges = [...new Set(intervals)].map((interval) => [firstLane(interval), firstLane(interval + 1)]);
  const rows = await db.all<{ lane: number; members: number }>(sql`
    SELECT lane_members.lane, lane_members.members
    FROM json_each(${JSON.stringify(ranges)}) AS wanted
    CROSS JOIN lane_members ON lane_members.lane >= wanted.value ->> 0 AND lane_members.lane < wanted.value ->> 1`);
  return new Map(rows.map(({ lane, members }) => [lane, members]));
}

/**
 * Chooses a lane and counts the service in `counts`. Two registrations at the same instant may make a lane of 25
 * services, which is harmless.
 */
function takeLane(input: Scheduling, counts: LaneCounts): number {
  const lane = chooseLane(input.health_interval, isProbedByHub(input), counts);
  counts.set(lane, (counts.get(lane) ?? 0) + 1);
  return lane;
}

type NewService = Omit<typeof services.$inferSelect, "id">;

/**
 * Returns the row of a new service. `counts`: members of the lanes of its interval; the service is added. `now`: Unix
 * ms.
 */
export function newRow(projectId: number, input: ServiceInput, counts: LaneCounts, now: number): NewService {
  const lane = takeLane(input, counts);
  return {
    ...definition(input, null),
    project_id: projectId,
    lane,
    lanes: [lane],
    rev: 1,
    status: "unknown",
    flip_seq: 0,
    status_since: now,
    paused_until: null,
    gone_since: null,
    gone_reason: null,
    created_at: now,
    updated_at: now,
  };
}

export interface RowChange {
  values: ServiceDefinition & { lane: number; lanes: number[]; updated_at: number };
  /** Fields with another value. */
  changed: FieldName[];
  /** Whether the check is different now, or was enabled or disabled. */
  revised: boolean;
}

/**
 * Returns the changed values of the row; undefined when nothing changes. Every write gives the row another time, so that
 * a row with the same time is the same row. `now`: Unix ms.
 */
export function changeRow(
  row: ServiceRow,
  input: ServiceInput,
  counts: LaneCounts,
  now: number,
): RowChange | undefined {
  const values = definition(input, row.version);
  const isUnreadable = (field: FieldName) => row.unreadable.some((name) => name === field);
  const differs = (field: FieldName) =>
    isUnreadable(field) || JSON.stringify(values[field]) !== JSON.stringify(row[field]);
  const changed = FIELD_NAMES.filter(differs);
  if (changed.length === 0) return undefined;
  const moves = movesLane(row, input);
  const lane = moves ? takeLane(input, counts) : row.lane;
  const lanes = [lane, ...row.lanes.filter((old) => old !== lane)].slice(0, MAX_LANES);
  return {
    values: { ...values, lane, lanes, updated_at: laterThanRead(row.updated_at, now) },
    changed,
    revised: REVISING_FIELDS.some(differs),
  };
}

export function movesLane(row: Scheduling, input: Scheduling): boolean {
  return row.health_interval !== input.health_interval || isProbedByHub(row) !== isProbedByHub(input);
}

/** Without a version in the input, the service keeps the version that a probe found. */
function definition(input: ServiceInput, version: string | null): ServiceDefinition {
  return { ...pick(input, FIELD_NAMES), version: input.version === undefined ? version : input.version };
}
