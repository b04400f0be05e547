/**
 * Splits lists into chunks of limited size, because queue messages, batches of them and SQL parameters all have limits.
 */

export interface ChunkLimits {
  /** Largest sum of the sizes of a chunk's items. An item that is larger gets a chunk of its own. */
  size: number;
  /** Largest number of items in a chunk; absent: any number. */
  items?: number;
}

/** A queue message may have 128 KB, and a character takes up to three bytes. */
export const MAX_MESSAGE_CHARS = 42_000;

/** Returns the items in their order. Each chunk takes as many items as fit. */
export function chunksBySize<T>(items: readonly T[], sizeOf: (item: T) => number, limits: ChunkLimits): T[][] {
  const { size: maxSize, items: maxItems = Number.POSITIVE_INFINITY } = limits;
  const chunks: T[][] = [];
  let chunk: T[] = [];
  let filled = 0;
  for (const item of items) {
    const size = sizeOf(item);
    if (chunk.length > 0 && (filled + size > maxSize || chunk.length >= maxItems)) {
      chunks.push(chunk);
      chunk = [];
      filled = 0;
    }
    chunk.push(item);
    filled += size;
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}

/** Returns the size of a value as JSON, in characters. */
export function jsonSize(value: unknown): number {
  return JSON.stringify(value).length;
}
