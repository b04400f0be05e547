/**
 * Splits lists into chunks of limited size, because queue messages, batches of them and SQL parameters all have limits.
 */

export interface ChunkLimits {
  /** Largest sum of the sizes of a chunk's items. An item that is larger gets a chunk of its own. */
  size: number;
  /** Largest number of items in a chunk; absent: any number. */
  items?: number;
}

/** A queue message may have 128 KB. The rest is for what stands around the items. */
export const MAX_MESSAGE_BYTES = 120_000;

/** Returns the items in their order. Each chunk takes as many items as fit. */
export function chunksBySize<T>(items: readonly T[], sizeOf: (item: T) => number, limits: ChunkLimits): T[][] {
  return [...eachChunk(items, sizeOf, limits)];
}

/** Returns the items in their order, `count` in each chunk but the last. */
export function chunksOf<T>(items: readonly T[], count: number): T[][] {
  return chunksBySize(items, () => 1, { size: count });
}

/** Like `chunksBySize`, but takes the items only when their chunk is asked for, and one more. */
export function* eachChunk<T>(
  items: Iterable<T>,
  sizeOf: (item: T) => number,
  { size: maxSize, items: maxItems = Number.POSITIVE_INFINITY }: ChunkLimits,
): Generator<T[], undefined> {
  let chunk: T[] = [];
  let filled = 0;
  for (const item of items) {
    const size = sizeOf(item);
    if (chunk.length > 0 && (filled + size > maxSize || chunk.length >= maxItems)) {
      yield chunk;
      chunk = [];
      filled = 0;
    }
    chunk.push(item);
    filled += size;
  }
  if (chunk.length > 0) yield chunk;
}

const encoder = new TextEncoder();

/** Returns the size of a value as JSON, with the comma after it, in bytes. */
export function jsonBytes(value: unknown): number {
  return textBytes(JSON.stringify(value)) + 1;
}

export function textBytes(text: string): number {
  return encoder.encode(text).length;
}
