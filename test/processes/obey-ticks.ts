/**
 * Runs a hub's scheduled handler for each time (Unix ms) that a line of the program's input names. Says `ticked TIME`
 * after each. After `lose TIME` the hub's own ticks are lost until then; it says `losing TIME`.
 */
import { createInterface } from "node:readline";
import type { RunningHub } from "../../src/cli/start/launch.ts";

export function obeyTicks(hub: RunningHub): void {
  let lostUntil = 0;
  const ready = loseTicks(() => Date.now() < lostUntil);
  const obey = async (line: string) => {
    await ready;
    const [, until] = /^lose (\d+)$/.exec(line) ?? [];
    if (until === undefined) await hub.tick(Number(line));
    else lostUntil = Number(until);
    console.log(until === undefined ? `ticked ${line}` : `losing ${until}`);
  };
  createInterface({ input: process.stdin }).on("line", (line) => {
    obey(line).catch((error) => console.error(error));
  });
}

/** The scheduled handler is the only one that asks the runtime for its worker. */
async function loseTicks(isLost: () => boolean): Promise<void> {
  const { Miniflare } = await import("miniflare"); // only in the process that keeps running
  const { getWorker } = Miniflare.prototype;
  Miniflare.prototype.getWorker = function (...args) {
    return isLost() ? Promise.reject(new Error("the tick is lost")) : getWorker.apply(this, args);
  };
}
