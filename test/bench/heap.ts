/** What a Worker's isolate holds, over the runtime's inspector. */
import { z } from "zod";
import { sleep } from "./bench.ts";

const SAMPLE_MS = 25;

const targetsSchema = z.array(z.object({ id: z.string(), webSocketDebuggerUrl: z.string() }));
const usageSchema = z.object({ result: z.object({ usedSize: z.number(), backingStorageSize: z.number() }) });

export interface HeapWatch {
  /** The most that was seen, MB: objects and buffers, garbage that is not collected yet included. */
  stop(): Promise<number>;
}

/** Resolves when the first sample is taken. */
export async function watchHeap(inspectorPort: number): Promise<HeapWatch> {
  const targets = targetsSchema.parse(await (await fetch(`http://127.0.0.1:${inspectorPort}/json`)).json());
  const hub = targets.find(({ id }) => id.startsWith("core:user:"));
  if (hub === undefined) throw new Error("the inspector knows no hub");
  const socket = new WebSocket(hub.webSocketDebuggerUrl);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", reject, { once: true });
  });
  let most = 0;
  let running = true;
  const sample = () =>
    new Promise<void>((resolve) => {
      const heard = ({ data }: MessageEvent) => {
        const answer = usageSchema.safeParse(JSON.parse(String(data)));
        if (!answer.success) return;
        socket.removeEventListener("message", heard);
        const { usedSize, backingStorageSize } = answer.data.result;
        most = Math.max(most, usedSize + backingStorageSize);
        resolve();
      };
      socket.addEventListener("message", heard);
      socket.send(JSON.stringify({ id: 1, method: "Runtime.getHeapUsage" }));
    });
  await sample();
  const sampling = (async () => {
    for (; running; await sleep(SAMPLE_MS)) await sample();
  })();
  return {
    async stop() {
      running = false;
      await sampling;
      socket.close();
      return most / 1e6;
    },
  };
}
