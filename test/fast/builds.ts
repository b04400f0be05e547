/** The Worker with the fast clock: its entry module, and where its builds are kept. */
import { fileURLToPath } from "node:url";
import { type BuildPlace, SOURCES } from "../../src/cli/build/build-cache.ts";

export const FAST_WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));
export const FAST_BUILDS: BuildPlace = { folder: "fast-builds", sources: [...SOURCES, "test/fast"] };
