/** `hub backup FILE`: makes a backup of the hub whose state folder is on this machine. */
import { writeBackup } from "../backup/write-backup.ts";
import { messageOf } from "../core/values/error-message.ts";
import type { CommandLine } from "./command-line.ts";
import { EXIT, type HubIo } from "./hub-io.ts";
import { size } from "./text.ts";

export async function backup(line: CommandLine, io: HubIo): Promise<number> {
  const [target = ""] = line.operands;
  const state = line.text("state") ?? ".hub";
  try {
    const now = io.clock.now();
    const written = await writeBackup({ state, target, force: line.has("force"), now });
    const { services, projects, since, hub_id, bytes, hasKeys, hasToken } = written;
    const history = since === null ? "no history yet" : `history since ${new Date(since).toISOString()}`;
    io.out(`Backup of ${hub_id ?? "the hub"}: ${target}, ${size(bytes)}`);
    io.out(`  ${count(services, "service")} in ${count(projects, "project")}, ${history}`);
    io.out(`  ${hasKeys ? "the hub's private key" : "no key: the hub has made none yet"}`);
    io.out(`  ${hasToken ? "the admin token" : "no admin token: it is given by HUB_ADMIN_TOKEN"}`);
    io.out("Whoever can read the file can act as this hub.");
    return EXIT.done;
  } catch (error) {
    io.err(`there is no backup: ${messageOf(error)}`);
    return EXIT.failed;
  }
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
