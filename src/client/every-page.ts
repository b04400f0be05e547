/** Reads a list to its end. Every list of the API comes page by page. */

/** `read`: with the cursor of the next page, which the first one has not. */
export async function everyPage<T>(
  read: (cursor: { cursor?: string }) => Promise<{ entries: readonly T[]; next: string | null }>,
): Promise<T[]> {
  const all: T[] = [];
  for (let cursor: { cursor?: string } = {}; ; ) {
    const { entries, next } = await read(cursor);
    all.push(...entries);
    if (next === null) return all;
    cursor = { cursor: next };
  }
}
