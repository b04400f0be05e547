/** Services in the lanes of all others that the hub can't read: an earlier release, or a hand, wrote them. */
import { DatabaseSync } from "node:sqlite";
import { databaseFile } from "../processes/database-file.ts";
import { accepted, json } from "../processes/hub-client.ts";
import type { HubProcess } from "../processes/hub-process.ts";
import type { ChaosPlan } from "./chaos-schedule.ts";

const PREFIX = "unreadable-";
const COUNT = 3;

export const isUnreadable = (name: string) => name.startsWith(PREFIX);

export async function addUnreadable(hub: HubProcess, projectId: number, { services }: ChaosPlan): Promise<void> {
  const [like] = services;
  for (let number = 0; number < COUNT; number++) {
    const check = { health_method: "http", health_url: "http://127.0.0.1:9/", health_interval: like?.interval };
    const body = json("POST", { ...check, project_id: projectId, name: `${PREFIX}${number}` });
    await accepted(await hub.fetch("/api/services", body));
  }
  const database = new DatabaseSync(databaseFile(hub.state));
  database.exec(`PRAGMA busy_timeout = 5000;
    UPDATE services SET service_type = 'none-of-these', rev = rev + 1 WHERE name LIKE '${PREFIX}%'`);
  database.close();
}
