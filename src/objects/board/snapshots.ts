/** The first frame of a socket: all services that it watches. Sockets that come together, as after a restart, share it. */
import type { Board } from "../../core/board/board.ts";
import { serviceLite } from "../../core/board/board-frames.ts";
import type { Frame } from "../../core/board/live-protocol.ts";
import { keyOf, type Watch, wants } from "./watchers.ts";

/** Of as many filters the snapshots are kept. */
const MAX_SNAPSHOTS = 10;

export class Snapshots {
  readonly #board: Board;
  /** Texts by filter, as long as nothing has changed since. */
  #kept: { seq: number; texts: Map<string, string> } = { seq: 0, texts: new Map() };

  constructor(board: Board) {
    this.#board = board;
  }

  /** Call this after a change that no frame tells of. */
  clear(): void {
    this.#kept.texts.clear();
  }

  /** `seq`: of the newest frame. */
  text(watch: Watch, seq: number): string {
    const key = keyOf(watch);
    if (this.#kept.seq !== seq) this.#kept = { seq, texts: new Map() };
    const { texts } = this.#kept;
    const known = texts.get(key);
    if (known !== undefined) return known;
    const services = [...this.#board.entries()].filter(({ check }) => wants(watch, check)).map(serviceLite);
    const at = new Date().toISOString();
    const text = JSON.stringify({ type: "snapshot", seq, at, services } satisfies Frame);
    if (texts.size < MAX_SNAPSHOTS) texts.set(key, text);
    return text;
  }
}
