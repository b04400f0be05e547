/** Starts Miniflare. The caller, not Miniflare, handles signals and chooses the folder for temporary files. */
import { mkdir, rm } from "node:fs/promises";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type V4MiniflareOptions } from "miniflare";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface RuntimePlace {
  /** The folder in which D1 and the Durable Objects keep their data. */
  data: string;
  /**
   * A folder for temporary files of this runtime only. It is emptied first, because a killed hub leaves files there.
   */
  temporary: string;
}

/** Resolves when the runtime runs. The caller must dispose of the runtime. */
export async function startRuntime(place: RuntimePlace, options: V4MiniflareOptions): Promise<Miniflare> {
  const converted = convertV4MiniflareOptions({
    log: new Log(LogLevel.ERROR),
    logRequests: false,
    resourcePersistencePath: place.data,
    cf: false,
    ...options,
  });
  await rm(place.temporary, { recursive: true, force: true });
  await mkdir(place.temporary, { recursive: true });
  const runtime = withTemporaryFolder(place.temporary, () => withoutSignalHandlers(() => new Miniflare(converted)));
  try {
    await runtime.ready;
    return runtime;
  } catch (error) {
    await runtime.dispose().catch(() => {}); // fails with the same error
    throw error;
  }
}

/** Miniflare uses the system's folder for temporary files; after a kill -9, its files would stay there. */
function withTemporaryFolder<T>(path: string, create: () => T): T {
  const { TMPDIR } = process.env;
  process.env.TMPDIR = path;
  try {
    return create();
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
}

/** Miniflare would exit the process on a signal. This removes its listeners, so that the caller can stop in order. */
function withoutSignalHandlers<T>(create: () => T): T {
  const before = new Map(SIGNALS.map((signal) => [signal, new Set(process.listeners(signal))]));
  const created = create();
  for (const [signal, known] of before) {
    for (const listener of process.listeners(signal)) {
      if (!known.has(listener)) process.removeListener(signal, listener);
    }
  }
  return created;
}
