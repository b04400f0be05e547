/** Hubs in this process: real databases, real rules, and links that can be cut. */
import { PROTOCOL, readPageSchema } from "../../src/core/federation/federation.ts";
import type { Status } from "../../src/core/service/records.ts";
import type { RecordedFlip } from "../../src/core/status/recorded-flip.ts";
import { answerSync } from "../../src/federation/answer-sync.ts";
import { pull } from "../../src/federation/pull.ts";
import type { Db } from "../../src/store/database.ts";
import { cursorOf, getHub, saveHub } from "../../src/store/federation/hubs.ts";
import { copiedServices, forgetPushes, takeFlips, takePage } from "../../src/store/federation/remote-services.ts";
import { recordOutcomes } from "../../src/store/history/outcomes.ts";
import { applyManifest } from "../../src/store/registry/manifest.ts";
import { createProject } from "../../src/store/registry/projects.ts";
import { beginSync, changesSince, markOf } from "../../src/store/registry/registry-changes.ts";
import { createService, deleteService, getServiceByName, updateService } from "../../src/store/registry/services.ts";
import { NOW, serviceInput } from "../store/service-input.ts";
import { type NodeDatabase, nodeDatabase } from "./node-database.ts";

const PROJECT = "shop";

export interface Traffic {
  requests: number;
  bytes: number;
}

export class SimulatedHub {
  readonly id: string;
  readonly database: NodeDatabase = nodeDatabase();
  readonly #pageSize: number;
  /** Unix ms. */
  now = NOW;
  #clock = NOW;

  constructor(id: string, pageSize: number) {
    this.id = id;
    this.#pageSize = pageSize;
  }

  get db(): Db {
    return this.database.db;
  }

  async begin(others: readonly string[]): Promise<void> {
    await createProject(this.db, { name: PROJECT, metadata: {}, now: NOW });
    for (const hub_id of others) {
      const document = {
        hub_id,
        name: null,
        url: `https://${hub_id}.example.com`,
        region: null,
        version: "0",
        protocol: PROTOCOL,
      };
      const fields = { source: "registered", trust: "approved", known_kid: "none", keys: [] } as const;
      await saveHub(this.db, { ...document, capabilities: [] }, { ...fields, keys: [], registered_from: null }, NOW);
    }
  }

  async fill(services: number): Promise<void> {
    const create = Array.from({ length: services }, (_each, index) =>
      serviceInput({ name: `s-${index}`, tags: ["a"] }),
    );
    await applyManifest(this.db, { id: 1, before: [] }, { create, update: [], delete: [] }, NOW);
  }

  async put(name: string, tags: string[]): Promise<void> {
    const known = await getServiceByName(this.db, PROJECT, name);
    if (known !== undefined) await updateService(this.db, known.id, { tags }, NOW);
    else await createService(this.db, 1, serviceInput({ name, tags }), NOW);
  }

  async remove(name: string): Promise<void> {
    const known = await getServiceByName(this.db, PROJECT, name);
    if (known !== undefined) await deleteService(this.db, known.id);
  }

  /** Returns the flip, recorded; null: there is no such service. */
  async flip(name: string, to: Status): Promise<RecordedFlip | null> {
    const known = await getServiceByName(this.db, PROJECT, name);
    if (known === undefined) return null;
    this.#clock += 1_000;
    const at = new Date(this.#clock).toISOString();
    const { id: service_id, project_id, epoch, status: from, service_type, version } = known;
    const flip = {
      seq: known.flip_seq + 1,
      service_id,
      project_id,
      epoch,
      from,
      to,
      reason: "test",
      at,
      began_at: at,
      evidence: [],
      project: PROJECT,
      name,
      service_type,
      version,
      latency_ms: 1,
    };
    const round = { lane: known.lane, due_at: this.#clock, attempt: 0 };
    const message = {
      round,
      epoch,
      vantage: "home",
      started_at: this.#clock,
      results: [],
      flips: [flip],
      versions: [],
    };
    await recordOutcomes(this.db, [message]);
    return flip;
  }

  /** Pulls once from the other hub. `lost`: the link breaks before this request (0, 1, …) is answered. */
  async pullFrom(source: SimulatedHub, traffic?: Traffic, lost = Number.POSITIVE_INFINITY): Promise<void> {
    const row = await getHub(this.db, source.id);
    if (row === undefined) return;
    let asked = 0;
    await pull(source.id, cursorOf(row), row.service_count, {
      now: () => NOW,
      ask: async (query) => {
        if (asked++ >= lost) throw new Error("the link is cut");
        const page = await answerSync(this.id, query, source.answerDeps());
        if (traffic !== undefined) {
          traffic.requests += 1;
          traffic.bytes += page === null ? 0 : JSON.stringify(page).length;
        }
        return page === null ? null : readPageSchema.parse(JSON.parse(JSON.stringify(page)));
      },
      take: (page, after) => takePage(this.db, source.id, page, after),
      settle: () => forgetPushes(this.db, source.id, this.now),
    });
  }

  answerDeps() {
    return {
      now: () => NOW,
      hubId: this.id,
      begin: (query: Parameters<typeof beginSync>[1]) => beginSync(this.db, query, Date.now()),
      changesSince: (revision: number) => changesSince(this.db, revision, this.#pageSize),
      markOf: (revision: number) => markOf(this.db, revision, NOW),
      markSecret: async () => `secret of ${this.id}`,
      live: async () => new Map(),
    };
  }

  async hear(source: SimulatedHub, flip: RecordedFlip): Promise<void> {
    await takeFlips(this.db, source.id, [flip], this.now);
  }

  /** What this hub says of its own services. */
  async truth(): Promise<string[]> {
    const { changes } = await changesSince(this.db, 0, 1_000_000);
    return changes
      .flatMap(({ row }) => (row === null ? [] : [line(row.id, row.name, row.tags, row.status, row.flip_seq)]))
      .sort();
  }

  /** What this hub knows of the services of the other. */
  async viewOf(source: SimulatedHub): Promise<string[]> {
    const rows = await copiedServices(this.db, source.id);
    return rows.map((row) => line(row.service_id, row.name, row.tags, row.status, row.flip_seq)).sort();
  }
}

const line = (id: number, name: string, tags: readonly string[], status: Status, seq: number) =>
  `${id} ${name} [${tags.join()}] ${status} ${seq}`;
