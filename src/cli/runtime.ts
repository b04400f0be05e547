/** Starts Miniflare as a part of this program: signals and temporary files are the caller's. */
import { mkdir, rm } from "node:fs/promises";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type V4MiniflareOptions } from "miniflare";

const OWN_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface RuntimePlace {
  /** Where D1 and the Durable Objects live. */
  data: string;
  /** A folder of its own that is emptied first; a killed hub leaves files there. */
  temporary: string;
}

/** Resolves when the runtime runs. The caller disposes of it. */
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
    await runtime.dispose().catch(() => {}); // repeats the error
    throw error;
  }
}

/** Miniflare takes the system's folder for temporary files, and a kill -9 would leave them there. */
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

/** Miniflare exits the process on a signal; stopping in order is the caller's. */
function withoutSignalHandlers<T>(create: () => T): T {
  const before = new Map(OWN_SIGNALS.map((signal) => [signal, new Set(process.listeners(signal))]));
  const created = create();
  for (const [signal, known] of before) {
    for (const listener of process.listeners(signal)) {
      if (!known.has(listener)) process.removeListener(signal, listener);
    }
  }
  return created;
}
