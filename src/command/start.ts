/** `hub start`: runs a hub, when the command runs from the project's checkout. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { EXIT, type HubIo } from "./hub-io.ts";

const NEEDED = ["miniflare", "wrangler", "esbuild", "vite", "zod"];

const HOW_TO_GO_ON = `hub start needs the project's checkout with its dependencies, which this installation does not have.
In a checkout of commandcenter-hub, run: npm ci && npm start
To run a hub at Cloudflare, run there: npm run deploy`;

/** Ends the process when the hub has ended. Returns the exit code only when a hub cannot run here. */
export async function start(argv: readonly string[], io: HubIo): Promise<number> {
  const program = startProgram(io.root);
  if (program === null) {
    io.err(HOW_TO_GO_ON);
    return EXIT.failed;
  }
  // The program reads its own arguments, and may start itself again with other flags of Node.
  process.argv.splice(1, process.argv.length, program, ...argv);
  await import(pathToFileURL(program).href);
  return EXIT.done;
}

/** Returns the path of the program behind `npm start`; null when it or what it needs is not installed. */
export function startProgram(root: string): string | null {
  const program = join(root, "src/cli/start.ts");
  if (!existsSync(program) || !process.features.typescript) return null;
  return missingPackages(root).length === 0 ? program : null;
}

/** Returns the packages that a start needs and the checkout does not have. `npm ci --omit=dev` leaves some out. */
export function missingPackages(root: string): string[] {
  const { resolve } = createRequire(join(root, "package.json"));
  return NEEDED.filter((name) => {
    try {
      resolve(name);
      return false;
    } catch {
      return true;
    }
  });
}
