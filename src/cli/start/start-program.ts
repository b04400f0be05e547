/** The process of a local hub: its memory flags, its signals, and what it prints. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { missingPackages } from "../../command/start.ts";
import type { Clock } from "../../core/time/clock.ts";
import { freeStartupMemory, HUB_FLAGS, restartWithFlags } from "../../node/memory.ts";
import { parentEnded } from "../../node/parent-process.ts";
import { stopSignal } from "../../node/signals.ts";
import { systemClock } from "../../node/system-clock.ts";
import type { RunningHub } from "./launch.ts";
import type { ReplacementWorker } from "./run-start.ts";

const FORCED_EXIT_CODE = 130;

/** A program that starts a hub for tests may have these of its own. */
export interface StartVariant {
  clock?: Clock;
  replacement?: ReplacementWorker;
  /** Called when the hub runs. */
  ready?(hub: RunningHub): void;
}

/** Ends the process. */
export async function startProgram({ clock = systemClock, replacement, ready }: StartVariant = {}): Promise<never> {
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  restartWithFlags(
    HUB_FLAGS,
    {
      environment: process.env,
      flags: process.execArgv,
      program: process.execPath,
      argv: process.argv.slice(1),
      execve: process.execve?.bind(process),
    },
    join(root, "dist/compiled"),
  );

  const missing = missingPackages(root);
  if (missing.length > 0) {
    console.error(`a start needs packages that are not installed (${missing.join(", ")}): run npm ci --include=dev`);
    process.exit(1);
  }

  const stopRequested = stopSignal(process, Date.now, () => process.exit(FORCED_EXIT_CODE));
  // npm passes a signal on only to its shell. The shell ends without a signal to this process.
  const underNpm = process.env.npm_lifecycle_event !== undefined;
  // The hub keeps running when the reader of its output has ended, as in `npm start | head -1`.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

  // This import comes after restartWithFlags, so that only the process that keeps running loads it.
  const { runStart } = await import("./run-start.ts");
  const code = await runStart(process.argv.slice(2), {
    environment: process.env,
    root,
    clock,
    replacement,
    out: console.log,
    err: console.error,
    ready(hub) {
      // oxlint-disable-next-line typescript/no-misused-promises -- Node takes no callback here, so its gc returns no promise
      freeStartupMemory(globalThis.gc);
      ready?.(hub);
    },
    stopped: underNpm ? Promise.race([stopRequested, parentEnded(() => process.ppid)]) : stopRequested,
  });
  process.exit(code);
}
