/** How many services a local hub can keep a monitor in memory for, and what happens when there are more. */
import { z } from "zod";
import type { MigrationTarget } from "./migrations.ts";

/** Its database and the log of that, and a reserve for what the first checks of many newcomers open at once. */
const FILES_A_MONITOR = 2.5;
/** For sockets and everything else. */
const OTHER_FILES = 2_000;
/** Seen: 200 KB each, so this is 2 GB. */
const MOST_MONITORS = 10_000;
/** Registered faster than they are first checked, services are counted before their monitors open files. */
const LOOK_EVERY_MS = 5_000;

const reportSchema = z.object({
  userLimits: z.object({ open_files: z.object({ hard: z.union([z.number(), z.literal("unlimited")]) }) }),
});

/** By this process's limit of open files, which the runtime inherits; systems that tell none have room for the most. */
export function roomForMonitors(report: unknown = process.report.getReport()): number {
  const parsed = reportSchema.safeParse(report);
  const files = parsed.success ? parsed.data.userLimits.open_files.hard : "unlimited";
  if (files === "unlimited") return MOST_MONITORS;
  return Math.max(0, Math.min(MOST_MONITORS, Math.floor((files - OTHER_FILES) / FILES_A_MONITOR)));
}

export async function countServices(database: MigrationTarget): Promise<number> {
  const { results } = await database.prepare("SELECT count(*) AS services FROM services").all();
  return z.number().parse(results[0]?.services);
}

export interface RoomDeps {
  room: number;
  count(): Promise<number>;
  /** There are more: called once. */
  full(): Promise<void>;
  failed(error: unknown): void;
}

export interface RoomWatch {
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

/** Resolves after the first look. A count that fails is tried again at the next look. */
export async function watchRoom(deps: RoomDeps): Promise<RoomWatch> {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let told = false;
  const look = async () => {
    try {
      told = (await deps.count()) > deps.room;
      if (told) await deps.full();
    } catch (error) {
      if (!stopped) deps.failed(error);
    }
    if (!stopped && !told) timer = setTimeout(() => (looking = look()), LOOK_EVERY_MS);
  };
  let looking = look();
  await looking;
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await looking;
    },
  };
}
