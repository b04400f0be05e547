/** The folder with the data of a local hub. A lock ensures that only one hub uses the folder. */
import { randomBytes } from "node:crypto";
import { access, chmod, constants, mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { adminTokenFile, dataIn, hubIdFile, textOf } from "../../backup/state-files.ts";
import { messageOf } from "../../core/values/error-message.ts";
import { lockFolder } from "../../node/folder-lock.ts";
import { privateFolder } from "../../node/private-folder.ts";

export interface StateFolder {
  path: string;
  /** The data of D1 and of the Durable Objects, in the layout of `wrangler … --local --persist-to DIR`. */
  data: string;
  /** The folder of the bundled Worker. */
  worker: string;
  /** The folder for temporary files. They are not needed after the hub has ended. */
  temporary: string;
  /** Releases the lock, so that another hub can use the folder. */
  release(): void;
}

/**
 * Makes the folder if needed, and closes it to others, which `say` tells. Throws a FolderInUseError while another hub
 * uses the folder.
 */
export async function openStateFolder(directory: string, say: (line: string) => void = () => {}): Promise<StateFolder> {
  const path = await makeStateFolder(directory);
  const release = lockFolder(path);
  const told = privateFolder(path); // now nobody else changes what is in it
  if (told !== null) say(told);
  return { path, data: dataIn(path), worker: join(path, "worker"), temporary: join(path, "tmp"), release };
}

/** Returns the path. Throws when the folder can't be made or written to. */
export async function makeStateFolder(directory: string): Promise<string> {
  const path = resolve(directory);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return path;
  } catch (error) {
    throw new Error(
      `can't keep the hub's data in ${path}; choose another folder with --state DIR (${messageOf(error)})`,
    );
  }
}

/** Returns the admin token of the folder. The first call makes the token. Only the owner of the file can read it. */
export async function storedAdminToken(path: string): Promise<string> {
  const file = adminTokenFile(path);
  const kept = await textOf(file);
  if (kept !== null) {
    await chmod(file, 0o600);
    return kept;
  }
  const token = `hub_admin_${randomBytes(24).toString("base64url")}`;
  await writeFile(file, `${token}\n`, { mode: 0o600 });
  return token;
}

/** Notes the HUB_ID, for backups. A folder in which it can't be noted is no reason not to start. */
export async function noteHubId(path: string, id: string): Promise<void> {
  await writeFile(hubIdFile(path), `${id}\n`, { mode: 0o600 }).catch(() => {});
}
