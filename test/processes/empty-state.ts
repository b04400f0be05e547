/**
 * Fills the state folder that is named on the command line with an empty database that has every migration, and builds
 * what the hubs of the tests run: the Worker, and the one with the fast clock.
 */
import { fileURLToPath } from "node:url";
import { openBuildCache } from "../../src/cli/build/build-cache.ts";
import { buildHub, readProjectOnce } from "../../src/cli/start/prepare.ts";
import { openStateFolder } from "../../src/cli/start/state-folder.ts";

import { FAST_BUILDS, FAST_WORKER } from "../fast/builds.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const { data, temporary, worker: folder, release } = await openStateFolder(process.argv[2] ?? "");
const cache = await openBuildCache(ROOT, process.env);
const fastCache = await openBuildCache(ROOT, process.env, FAST_BUILDS);
await buildHub({ ...(await readProjectOnce(ROOT, cache)), folder, data, temporary }, cache);
await buildHub(
  { ...(await readProjectOnce(ROOT, fastCache)), source: FAST_WORKER, folder, data, temporary },
  fastCache,
);
release();
