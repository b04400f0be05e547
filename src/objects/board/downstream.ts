/** Passes on what happens on the board to those outside: NATS, and other hubs. What is lost here they ask for later. */
import type { BoardFrame } from "../../core/board/board-frames.ts";
import type { FlipBody } from "../../core/board/live-protocol.ts";
import { MAX_REASON_CHARS, type PushedFlip } from "../../core/federation/federation.ts";
import type { Settings } from "../../core/hub/settings.ts";
import type { Health } from "../../core/service/records.ts";
import type { Bindings } from "../../platform/bindings.ts";
import { errorText, log } from "../../platform/log.ts";
import { bridgeOf, federationOf } from "../../platform/object-stubs.ts";

export class Downstream {
  readonly #ctx: DurableObjectState;
  readonly #env: Bindings;
  readonly #hasNats: boolean;
  #health: Health | null = null;
  /** Number of other hubs that want to hear of flips at once. */
  peers = 0;

  constructor(ctx: DurableObjectState, env: Bindings, settings: Settings) {
    this.#ctx = ctx;
    this.#env = env;
    this.#hasNats = settings.NATS_URL !== undefined;
  }

  /** The board knew only a part of the services, and knows all of them now. */
  completed(health: Health): void {
    if (this.#hasNats) this.#tellNats(health);
  }

  /** `health`: the overall one after these frames. */
  announce(frames: readonly BoardFrame[], health: () => Health): void {
    if (frames.every(({ type }) => type === "health" || type === "project")) return;
    if (this.#hasNats) this.#tellNats(health());
    if (this.peers > 0) this.#tellPeers(frames);
  }

  #tellNats(health: Health): void {
    if (health === this.#health) return;
    this.#health = health;
    const told = bridgeOf(this.#env).healthChanged();
    this.#ctx.waitUntil(told.catch((error) => log("warn", "board.bridge_failed", { error: errorText(error) })));
  }

  #tellPeers(frames: readonly BoardFrame[]): void {
    const flips = frames.flatMap((frame) => (frame.type === "flip" ? [pushedFlip(frame.parts[0].body)] : []));
    const federation = federationOf(this.#env);
    const told = flips.length > 0 ? federation.flipped(flips) : federation.changed();
    this.#ctx.waitUntil(told.catch((error) => log("warn", "board.federation_failed", { error: errorText(error) })));
  }
}

function pushedFlip(flip: FlipBody): PushedFlip {
  const { service_id, flip_seq: seq, from, to, reason, at, began_at, project, name, latency_ms } = flip;
  return {
    service_id,
    seq,
    from,
    to,
    at,
    began_at,
    project,
    name,
    latency_ms,
    reason: reason.slice(0, MAX_REASON_CHARS),
  };
}
