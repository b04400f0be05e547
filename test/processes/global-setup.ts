/**
 * Makes an empty state folder, of which each hub of the tests gets a copy: to make a database costs a hub more processor
 * time than to start. In a process of its own, see ../servers/global-setup.ts.
 */
import { fileURLToPath } from "node:url";
import { run, temporaryFolder } from "../servers/child-process.ts";

const PROGRAM = fileURLToPath(new URL("empty-state.ts", import.meta.url));

export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.HUB_EMPTY_STATE !== undefined) return; // made for another project
  const folder = await temporaryFolder("empty-state");
  process.env.HUB_EMPTY_STATE = folder.path;
  await run(process.execPath, [PROGRAM, folder.path]);
  return () => folder.remove();
}
