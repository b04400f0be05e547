/** Starts bare-loop.ts in a process of its own. */
import { fileURLToPath } from "node:url";
import type { LoopCounts, LoopReply, LoopRequest } from "./bare-loop.ts";
import { endProgram, forkProgram, nextReply } from "./forked.ts";

const PROGRAM = fileURLToPath(new URL("./bare-loop.ts", import.meta.url));

export interface BareLoop {
  readonly pid: number;
  counts(): Promise<LoopCounts>;
  stop(): Promise<void>;
}

/** Resolves when the timers are set. */
export async function startBareLoop(urls: string[], intervalMs: number): Promise<BareLoop> {
  const child = forkProgram(PROGRAM);
  const ask = async (request: LoopRequest) => {
    const reply = nextReply<LoopReply>(child, "the bare loop");
    child.send(request);
    return await reply;
  };
  const ready = await ask({ ask: "begin", urls, intervalMs });
  if (ready.ask !== "ready") throw new Error("the bare loop did not say that it is ready");
  return {
    pid: child.pid ?? 0,
    async counts() {
      const reply = await ask({ ask: "counts" });
      if (reply.ask !== "counts") throw new Error("the bare loop did not answer with its counts");
      return reply;
    },
    stop: () => endProgram(child),
  };
}
