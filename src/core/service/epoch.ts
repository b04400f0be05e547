/**
 * An epoch is one life of the hub's database. A database that was restored from a backup or made anew begins another
 * one: ids and revisions then count from an earlier point, and mean other services than before. Whoever keeps something
 * about services keeps the epoch beside it.
 *
 * Epochs sort by their text: the time at which they began (Unix ms, 12 hexadecimal digits), then random digits.
 */

const TIME_DIGITS = 12;

/** How `epoch` stands to the known one. An empty text counts as the same: an older release did not say. */
export function epochOrder(epoch: string, known: string): "older" | "same" | "newer" {
  if (epoch === known || epoch === "" || known === "") return "same";
  return epoch < known ? "older" : "newer";
}

/** When the epoch began, Unix ms; null: an older release made it. */
export function epochBegan(epoch: string): number | null {
  const began = Number.parseInt(epoch.slice(0, TIME_DIGITS), 16);
  return Number.isNaN(began) ? null : began;
}

/** Returns an epoch that is newer than `known`, even when the clock went back. `random`: hexadecimal digits. */
export function nextEpoch(known: string, now: number, random: string): string {
  const began = epochBegan(known);
  const time = began === null ? now : Math.max(now, began + 1);
  return time.toString(16).padStart(TIME_DIGITS, "0") + random;
}
