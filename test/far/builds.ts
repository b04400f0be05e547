/** The Worker on a platform at its worst: its entry module, where its builds are kept, and where it tells what it did. */
import { fileURLToPath } from "node:url";
import { type BuildPlace, SOURCES } from "../../src/cli/build/build-cache.ts";

export const FAR_WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));
export const FAR_BUILDS: BuildPlace = { folder: "far-builds", sources: [...SOURCES, "test/far"] };
