/** The clock of a process of its own that can be set to a wrong time while the process runs. */
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "../servers/child-process.ts";

const PRELOAD = new URL("shifted-date.ts", import.meta.url);

export interface WrongClock {
  /** For the process. */
  environment: Readonly<Record<string, string>>;
  /** `ms`: how far the clock is ahead; negative: behind. */
  set(ms: number): Promise<void>;
  remove(): Promise<void>;
}

export async function wrongClock(): Promise<WrongClock> {
  const folder = await temporaryFolder("clock");
  const file = join(folder.path, "offset");
  const set = async (ms: number) => {
    await writeFile(`${file}.new`, String(ms));
    await rename(`${file}.new`, file); // nobody reads half of it
  };
  await set(0);
  return { environment: { NODE_OPTIONS: `--import=${PRELOAD}`, CLOCK_OFFSET_FILE: file }, set, remove: folder.remove };
}
