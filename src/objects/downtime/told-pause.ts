/** Logs the pauses of the hub. An object whose storage failed begins anew and finds the same pause again and again. */
import { SHORTEST_GAP_MS } from "../../core/time/durations.ts";
import { log } from "../../platform/log.ts";

let told = 0;

/** Unix ms. */
export function logPause(from: number, to: number): void {
  if (Math.abs(from - told) < SHORTEST_GAP_MS) return;
  told = from;
  log("warn", "board.paused", { seconds: Math.round((to - from) / 1_000) });
}
