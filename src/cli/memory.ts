/** Keeps the memory of the hub's process small. This process mostly waits while the runtime works. */

const FLAGS = [
  // The heap grows to 60 MB while Miniflare loads. It only shrinks again when the space for young objects is small.
  "--max-semi-space-size=1",
  "--expose-gc",
];
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
 * Starts this program again in the same process with the flags above. Returns when the process has the flags already,
 * or when the system has no `execve`.
 */
export function restartWithMemoryFlags(
  { environment, flags, program, argv, execve }: ProcessDeps,
  cache: string,
): void {
  if (FLAGS.every((flag) => flags.includes(flag))) return;
  // Node.js reads compiled scripts from the cache, so it does not load its TypeScript compiler.
  execve?.(program, [program, ...FLAGS, ...argv], { NODE_COMPILE_CACHE: cache, ...ALLOCATOR, ...environment });
}

/** Frees the memory that the start of a hub has used. It runs shortly after the start. */
export function freeStartupMemory(collect: (() => void) | undefined): void {
  setTimeout(() => collect?.(), COLLECT_AFTER_MS).unref();
}
