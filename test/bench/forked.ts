/** Programs that a benchmark runs in a process of their own, so that their work is not counted as another's. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

const PATIENCE_MS = 10_000;

/** The program answers over IPC. It runs with no flags of Node.js, whatever flags the benchmark has. */
export function forkProgram(file: string, args: readonly string[] = []): ChildProcess {
  return fork(file, args, {
    execArgv: [],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}

/** `program` is its name in errors. */
export async function nextReply<Reply>(child: ChildProcess, program: string): Promise<Reply> {
  const [reply]: Reply[] = await once(child, "message", { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (reply === undefined) throw new Error(`${program} sent nothing`);
  return reply;
}

export async function endProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
