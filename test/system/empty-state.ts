/** Fills the state folder that is named on the command line with an empty database that has every migration. */
import { fileURLToPath } from "node:url";
import { openBuildCache } from "../../src/cli/build-cache.ts";
import { buildHub, readProjectOnce } from "../../src/cli/prepare.ts";
import { openStateFolder } from "../../src/cli/state-folder.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const { data, temporary, worker: folder, release } = await openStateFolder(process.argv[2] ?? "");
const cache = await openBuildCache(ROOT, process.env);
await buildHub({ ...(await readProjectOnce(ROOT, cache)), folder, data, temporary }, cache);
release();
