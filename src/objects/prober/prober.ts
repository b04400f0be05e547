/**
 * Lets another vantage look. A location hint puts the object into its region, where it runs probes by itself. The
 * object of an agent holds the agent's WebSocket and passes the checks on. It stores nothing.
 */
import { DurableObject } from "cloudflare:workers";
import { agentTaskResultSchema, observationsOf, parseFrame } from "../../core/agent/agent-task.ts";
import { CHECKS_ELSEWHERE } from "../../core/lane/slots.ts";
import type { DueCheck } from "../../core/service/check.ts";
import { agentOf, type Observation } from "../../core/service/records.ts";
import type { Clock } from "../../core/time/clock.ts";
import { chunksOf } from "../../core/values/chunks.ts";
import { askVantage } from "../../pipeline/ask-vantage.ts";
import type { Bindings, ProberRpc } from "../../platform/bindings.ts";
import { errorText, log } from "../../platform/log.ts";
import { SocketSender } from "../sockets/socket-sender.ts";
import type { ProbeRun } from "./probe-run.ts";

declare global {
  namespace Cloudflare {
    interface GlobalProps {
      /** The entry points that `ctx.exports` has. */
      mainModule: { ProbeRun: typeof ProbeRun };
    }
  }
}

/** Sockets of one agent. Those of before a break in the network may not be closed yet. */
const MAX_SOCKETS = 3;

interface Asked {
  socket: WebSocket;
  vantage: string;
  /** Unix ms. */
  since: number;
  answered(observations: Observation[]): void;
  failed(error: Error): void;
}

export class Prober extends DurableObject<Bindings> implements ProberRpc {
  readonly #clock: Clock;
  readonly #sender: SocketSender;
  readonly #asked = new Map<number, Asked>();
  #seq = 0;

  constructor(ctx: DurableObjectState, env: Bindings, clock: Clock) {
    super(ctx, env);
    this.#clock = clock;
    this.#sender = new SocketSender(ctx, clock);
  }

  /** Returns the observations in the order of the checks. They are inconclusive when the vantage's agent is away. */
  async probe(checks: DueCheck[], vantage: string): Promise<(Observation | null)[]> {
    if (agentOf(vantage) === null) return await this.#probeHere(checks, vantage);
    const seq = Math.max(this.#clock.now(), this.#seq + 1); // no number of before an eviction comes again
    this.#seq = seq;
    const deps = {
      now: this.#clock.now,
      wait: this.#clock.wait,
      ask: () => this.#askAgent(seq, checks, vantage),
    };
    const findings = await askVantage(checks, vantage, deps);
    this.#asked.delete(seq);
    return findings.map(({ observation }) => observation);
  }

  /** Each few checks have an invocation, and so connections, of their own. One that fails says nothing of its checks only. */
  async #probeHere(checks: DueCheck[], vantage: string): Promise<(Observation | null)[]> {
    const parts = chunksOf(checks, CHECKS_ELSEWHERE).map(async (part) => {
      try {
        return await this.ctx.exports.ProbeRun.probe(part, vantage);
      } catch (error) {
        log("warn", "probe.part_failed", { vantage, checks: part.length, error: errorText(error) });
        return part.map(() => null);
      }
    });
    return (await Promise.all(parts)).flat();
  }

  async #askAgent(seq: number, checks: DueCheck[], vantage: string): Promise<Observation[]> {
    const [socket] = this.#newestFirst();
    if (socket === undefined) throw new Error("the agent is not connected");
    const { promise, resolve: answered, reject: failed } = Promise.withResolvers<Observation[]>();
    this.#asked.set(seq, { socket, vantage, since: this.#clock.now(), answered, failed });
    this.#sender.send(socket, JSON.stringify({ seq, checks }));
    return await promise;
  }

  /** Takes the agent's WebSocket. The caller has been authenticated. */
  override async fetch(request: Request): Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#sender.accept(server, request);
    server.serializeAttachment({ since: this.#clock.now() } satisfies Attached);
    for (const old of this.#newestFirst().slice(MAX_SOCKETS)) old.close(1008, "the agent has newer connections");
    return new Response(null, { status: 101, webSocket: client });
  }

  /** The key is no longer valid. */
  closeKey(key: number): void {
    this.#sender.closeKey(key);
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    this.#sender.heard(socket);
    const result = typeof message === "string" ? parseFrame(message, agentTaskResultSchema) : null;
    if (result === null) {
      socket.close(1007, "this is no result of a task");
      return;
    }
    const asked = this.#asked.get(result.seq); // undefined: nobody waits for it any longer
    asked?.answered(observationsOf(result, asked.vantage, { from: asked.since, to: this.#clock.now() }));
  }

  override webSocketClose(socket: WebSocket): void {
    for (const asked of this.#asked.values()) {
      if (asked.socket === socket) asked.failed(new Error("the agent's connection broke off"));
    }
  }

  override webSocketError(socket: WebSocket): void {
    this.webSocketClose(socket);
  }

  #newestFirst(): WebSocket[] {
    const since = (socket: WebSocket) => (socket.deserializeAttachment() as Attached | null)?.since ?? 0;
    return this.#sender.sockets.toSorted((a, b) => since(b) - since(a));
  }
}

/** A socket keeps this over an eviction. */
interface Attached {
  /** Unix ms. */
  since: number;
}
