/** A hub in this process, so that its lines are counted as covered. */
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { runStart, type StartIo } from "../../src/cli/start/run-start.ts";
import { systemClock } from "../../src/node/system-clock.ts";
import { until } from "../until.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** With this variable a start keeps no build and uses none, as the first one in a checkout. */
export const FIRST_START = { CLOUDFLARE_INCLUDE_PROCESS_ENV: "false" };

export function startHere(args: readonly string[], io: Partial<StartIo> = {}) {
  const lines: string[] = [];
  const stop = Promise.withResolvers<void>();
  const code = runStart(args, {
    clock: systemClock,
    environment: {},
    root: ROOT,
    out: (line) => lines.push(line),
    err: (line) => lines.push(line),
    stopped: stop.promise,
    ...io,
  });
  const ready = async () => {
    const isReady = until(() => expect(lines.join("\n")).toContain("ready at"));
    await Promise.race([isReady, code]);
    expect(lines.join("\n")).toContain("ready at");
  };
  return { lines, code, ready, stop: stop.resolve };
}
