/** What Cloudflare allows an invocation of a Worker, as far as probes meet it; workerd on a machine has no such limits. */
import type { ProbeSocket } from "../../src/probes/probe.ts";

/** Connections that may wait for an answer: https://developers.cloudflare.com/workers/platform/limits/ */
const CONNECTIONS = 6;
/** An attempt to connect that hangs goes on for so long after it was closed. */
const GOES_ON_MS = 20_000;

/** How long a target takes to accept a connection, ms; null: it never does. */
export type Accepts = (address: string) => number | null;

export class Invocation {
  readonly #accepts: Accepts;
  readonly #waiting: (() => void)[] = [];
  #open = 0;
  /** Connections that waited in silence for one of the six. */
  queued = 0;

  constructor(accepts: Accepts) {
    this.#accepts = accepts;
  }

  readonly connect = (address: string): ProbeSocket => {
    const opened = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const state = { isBegun: false, isOpen: false, isClosed: false };
    const free = () => {
      this.#open -= 1;
      this.#waiting.shift()?.();
    };
    const begin = () => {
      if (state.isClosed) return void this.#waiting.shift()?.();
      this.#open += 1;
      state.isBegun = true;
      const ms = this.#accepts(address);
      if (ms === null) return;
      setTimeout(() => {
        state.isOpen = true;
        free(); // it no longer waits for an answer
        opened.resolve();
      }, ms);
    };
    const close = async () => {
      if (state.isClosed) return;
      state.isClosed = true;
      const end = () => {
        if (state.isBegun && !state.isOpen) free();
        closed.resolve();
      };
      if (state.isBegun && !state.isOpen) setTimeout(end, GOES_ON_MS);
      else end();
    };
    if (this.#open < CONNECTIONS) begin();
    else {
      this.queued += 1;
      this.#waiting.push(begin);
    }
    return {
      readable: new ReadableStream(),
      writable: new WritableStream(),
      opened: opened.promise,
      closed: closed.promise,
      close,
      startTls: () => {
        throw new Error("no TLS here");
      },
    };
  };
}
