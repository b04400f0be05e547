import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import { openDatabase } from "../../src/store/database.ts";
import { recordOutcomes } from "../../src/store/history/outcomes.ts";
import { getService } from "../../src/store/registry/services.ts";
import { addProject, addService, message, NOW, result } from "../store/fixtures.ts";

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

it("a round that comes from the queue after a newer one was recorded at once does not bring an older version back", async () => {
  const db = openDatabase(env.DB);
  const project = await addProject(db, "v");
  const row = await addService(db, project, { name: "v" });
  const of = (at: number, version: string) => ({
    ...message(row.lane, at, [result(row)]),
    versions: [{ service_id: row.id, version }],
  });
  await recordOutcomes(db, [of(NOW + 30_000, "2.0")]); // recorded at once
  await recordOutcomes(db, [of(NOW, "1.0")]); // the database was slow at that time; now the queue brings it
  expect((await getService(db, row.id))?.version).toBe("2.0");
});
