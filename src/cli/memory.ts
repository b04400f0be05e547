/** Keeps the process of a hub small, because it mostly waits while the runtime works. */

const FLAGS = [
  // The heap grows to 60 MB while Miniflare loads and never shrinks unless young objects get little room.
  "--max-semi-space-size=1",
  "--expose-gc",
];
/**
 * For glibc: without these, the blocks of some MB that Miniflare writes its configuration in are kept as free memory
 * of this process. Other systems ignore them.
 */
const ALLOCATOR = { MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_ARENA_MAX: "2" };
/** The first run of the cron leaves garbage too. */
const FIRST_WORK_MS = 1_000;

export interface ProcessDeps {
  environment: Readonly<Record<string, string | undefined>>;
  /** Of this process. */
  flags: readonly string[];
  program: string;
  /** The script and its arguments. */
  argv: readonly string[];
  /** Replaces this process, which keeps its id; absent where the system has no such thing. */
  execve?: ((file: string, args: readonly string[], environment: NodeJS.ProcessEnv) => never) | undefined;
}

/** Starts this program again in the same process with the flags above; returns when it has them already or can't. */
export function startAgainSmall({ environment, flags, program, argv, execve }: ProcessDeps, cache: string): void {
  if (FLAGS.every((flag) => flags.includes(flag))) return;
  // Compiled scripts are read from the cache, so that the compiler of TypeScript is not loaded.
  execve?.(program, [program, ...FLAGS, ...argv], { NODE_COMPILE_CACHE: cache, ...ALLOCATOR, ...environment });
}

/** Gives back what the start of a hub has used, shortly after it. */
export function giveBackMemory(collect: (() => void) | undefined): void {
  setTimeout(() => collect?.(), FIRST_WORK_MS).unref();
}
