/** The result of a step that may fail for a reason that the caller handles. Faults of the program itself are thrown. */
export type Result<T, E> = { ok: true; value: T } | { ok: false; error: E };
