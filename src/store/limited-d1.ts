/** A D1 database whose calls end. One that hangs would otherwise hold up whoever asks for as long as it likes. */

/** A statement as drizzle uses it. */
type Statement = Pick<D1PreparedStatement, "bind" | "all" | "run" | "raw" | "first">;

/**
 * Returns the database as drizzle uses it. A call that takes longer than `limitMs` rejects; what it asked for may still
 * happen, as with any call whose answer is lost.
 */
export function limitedD1(d1: D1Database, limitMs: number): D1Database {
  const limited = {
    prepare: (query: string) => limitedStatement(d1.prepare(query), limitMs),
    batch: (statements: LimitedStatement[]) => within(limitMs, d1.batch(statements.map(({ inner }) => inner))),
  };
  return limited as unknown as D1Database; // drizzle uses nothing else of it
}

interface LimitedStatement extends Record<keyof Statement, unknown> {
  inner: D1PreparedStatement;
}

function limitedStatement(inner: D1PreparedStatement, limitMs: number): LimitedStatement {
  return {
    inner,
    bind: (...values: unknown[]) => limitedStatement(inner.bind(...values), limitMs),
    all: () => within(limitMs, inner.all()),
    run: () => within(limitMs, inner.run()),
    raw: (options: never) => within(limitMs, inner.raw(options)),
    first: (column: never) => within(limitMs, inner.first(column)),
  };
}

async function within<T>(limitMs: number, answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`D1_TIMEOUT: no answer within ${limitMs / 1_000} s`)), limitMs);
  });
  answer.catch(() => {}); // nobody waits for it after the limit
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
