/** Keeps the memory of a program small that mostly waits. */

/** The heap of a local hub grows to 60 MB while Miniflare loads. It only shrinks again with little space for young objects. */
export const HUB_FLAGS = ["--max-semi-space-size=1", "--expose-gc"];
/** Measured with 500 checks: 92 MiB instead of 230, for twice the processor time, which is little. */
export const AGENT_FLAGS = ["--max-semi-space-size=1", "--optimize-for-size"];

/**
 * Settings of glibc; other systems ignore them. Miniflare writes its configuration in blocks of several MB. Without
 * these settings, the process keeps the freed blocks.
 */
const ALLOCATOR = { MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_ARENA_MAX: "2" };
/** The first run of the cron produces garbage too, so the collection waits for it. */
const COLLECT_AFTER_MS = 1_000;

interface ProcessDeps {
  environment: Readonly<Record<string, string | undefined>>;
  /** The flags of Node.js that this process was started with. */
  flags: readonly string[];
  program: string;
  /** The script and its arguments. */
  argv: readonly string[];
  /** Replaces this process by another program with the same process id. Absent on systems that cannot do this. */
  execve?: ((file: string, args: readonly string[], environment: NodeJS.ProcessEnv) => never) | undefined;
}

/**
 * Starts this program again in the same process with these flags of Node.js. `cache`: a folder for compiled scripts.
 * Returns when the process has the flags already,
 * or when the system has no `execve`.
 */
export function restartWithFlags(
  wanted: readonly string[],
  { environment, flags, program, argv, execve }: ProcessDeps,
  cache?: string,
): void {
  if (wanted.every((flag) => flags.includes(flag))) return;
  // Node.js reads compiled scripts from the cache, so it does not load its TypeScript compiler.
  const compiled = cache === undefined ? {} : { NODE_COMPILE_CACHE: cache };
  execve?.(program, [program, ...wanted, ...argv], { ...compiled, ...ALLOCATOR, ...environment });
}

/** Frees the memory that the start of a hub has used. It runs shortly after the start. */
export function freeStartupMemory(collect: (() => void) | undefined): void {
  setTimeout(() => collect?.(), COLLECT_AFTER_MS).unref();
}
