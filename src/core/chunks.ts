/** Size-bounded chunks: queue messages, batches of them and SQL parameters all have a limit. */

export interface ChunkLimits {
  /** Sum of the sizes of a chunk's items. A single item that is larger gets a chunk of its own. */
  size: number;
  /** By default any number. */
  items?: number;
}

/** A queue message holds 128 KB, and a character takes up to three bytes. */
export const MAX_MESSAGE_CHARS = 42_000;

/** The items in their order, in as few chunks as a greedy reader makes of them. */
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

/** Size of a value as JSON, in characters. */
export function jsonSize(value: unknown): number {
  return JSON.stringify(value).length;
}
