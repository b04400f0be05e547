/** Gathers the state of the hub itself, for its health, its metrics and its log. */
import { version } from "../../../package.json";
import type { Peer } from "../../core/board/live-protocol.ts";
import { federationChecks } from "../../core/federation/federation-health.ts";
import { toPeer } from "../../core/federation/peer-view.ts";
import { D1_LIMIT_BYTES, type DatabaseSize, sizeChecks } from "../../core/hub/database-size.ts";
import { FREE_D1_LIMIT_BYTES, freePlanChecks } from "../../core/hub/free-plan.ts";
import { type HubHealth, hubHealth, type PipelineHealth } from "../../core/hub/hub-health.ts";
import { MAX_SHOWN, withAgentless } from "../../core/service/unfit-checks.ts";
import { natsChecks } from "../../nats/health.ts";
import type { BridgeStatus } from "../../platform/bindings.ts";
import { errorText, log, troubleOf } from "../../platform/log.ts";
import { readSize } from "../../store/database-size.ts";
import { listHubs } from "../../store/federation/hubs.ts";
import { withoutAgent } from "../../store/registry/agents.ts";
import { firstProjectAt } from "../../store/registry/projects.ts";
import type { HubContext } from "../context.ts";

export type HubFactsDeps = Pick<HubContext, "db" | "now" | "settings" | "pipelineHealth" | "nats">;

export interface HubFacts {
  health: HubHealth;
  pipeline: PipelineHealth | null;
  nats: BridgeStatus | null;
  /** Empty when the database does not answer. */
  peers: Peer[];
}

/** Never throws: a part that does not respond is reported as a failed check. */
export async function readHubFacts(hub: HubFactsDeps): Promise<HubFacts> {
  const started = hub.now();
  const [database, size, known, agentless, nats, peers] = await Promise.all([
    askDatabase(hub, started),
    askSize(hub),
    askPipeline(hub),
    askAgentless(hub),
    hub.nats(),
    askPeers(hub),
  ]);
  const pipeline = known === null ? null : { ...known, unfit: withAgentless(known.unfit, agentless) };
  const { HUB_ID: hub_id } = hub.settings;
  const now = hub.now();
  const more = {
    ...(size === null ? {} : sizeChecks(size, now)),
    ...(hub.settings.FREE_PLAN && pipeline?.rounds_a_day !== undefined
      ? freePlanChecks(pipeline.rounds_a_day, now)
      : {}),
    ...(nats === null ? {} : natsChecks(nats, now)),
    ...federationChecks(peers, now),
  };
  return { health: hubHealth({ hub_id, version, ...database, pipeline, more }, now), pipeline, nats, peers };
}

type DatabaseFacts = {
  database_ms: number | null;
  database_trouble?: string | undefined;
  watching_since: number | null;
};

async function askDatabase(hub: HubFactsDeps, started: number): Promise<DatabaseFacts> {
  try {
    const watching_since = await firstProjectAt(hub.db);
    return { database_ms: hub.now() - started, watching_since };
  } catch (error) {
    log("error", "database_unreachable", { error: errorText(error) });
    return { database_ms: null, database_trouble: troubleOf(error) ?? undefined, watching_since: null };
  }
}

/** A local hub has as much room as its disk. */
async function askSize({ db, settings }: HubFactsDeps): Promise<DatabaseSize | null> {
  try {
    return { ...(await readSize(db)), limit: sizeLimit(settings) };
  } catch {
    return null; // the database's own check tells of it
  }
}

function sizeLimit({ LOCAL_QUEUES, FREE_PLAN }: HubFactsDeps["settings"]): number | null {
  if (LOCAL_QUEUES) return null;
  return FREE_PLAN ? FREE_D1_LIMIT_BYTES : D1_LIMIT_BYTES;
}

async function askPeers(hub: HubFactsDeps): Promise<Peer[]> {
  try {
    const rows = await listHubs(hub.db, ["approved"]);
    return rows.map((row) => toPeer(row, hub.settings.FEDERATION_INTERVAL, hub.now()));
  } catch {
    return []; // the database's own check tells of it
  }
}

async function askAgentless(hub: HubFactsDeps) {
  try {
    return await withoutAgent(hub.db, MAX_SHOWN);
  } catch {
    return { count: 0, ids: [] }; // the database's own check tells of it
  }
}

async function askPipeline(hub: HubFactsDeps): Promise<PipelineHealth | null> {
  try {
    return await hub.pipelineHealth();
  } catch (error) {
    log("error", "board_unreachable", { error: errorText(error) });
    return null;
  }
}
