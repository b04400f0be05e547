/** Child processes and folders of the real servers that tests talk to. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 5_000;
const POLL_MS = 20;
/** Below the ports that the system gives to outgoing connections, so that none of these takes it meanwhile. */
const FIRST_PORT = 15_000;
const PORTS = 17_000;
/** A file for each port that is taken, with the id of the process. */
const RESERVED = join(tmpdir(), "hub-test-ports");

export const run = promisify(execFile);

export interface Started {
  port: number;
  /** Ends the server and removes its files; a second call does nothing. */
  stop(): Promise<void>;
}

export async function temporaryFolder(name: string): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), `hub-test-${name}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/**
 * A port of the loopback that is free, and that no other test gets while this process lives: also a port where nothing
 * listens for a while must not become somebody else's.
 */
export async function freePort(): Promise<number> {
  await mkdir(RESERVED, { recursive: true });
  for (let tries = 0; tries < 50; tries++) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    if ((await reserve(port)) && (await isFree(port))) return port;
  }
  throw new Error("no free port");
}

/** Returns false when a process that lives has the port. */
async function reserve(port: number): Promise<boolean> {
  const file = join(RESERVED, String(port));
  try {
    await writeFile(file, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    const owner = Number(await readFile(file, "utf8").catch(() => ""));
    if (owner === process.pid || isAlive(owner)) return false;
    await rm(file, { force: true }); // the next try may take it
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => socket.destroy());
    socket.once("connect", () => socket.destroy());
  });
}

/** A program with several ports opens one after the other. */
export async function untilListens(port: number): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await listens(port))) {
    if (Date.now() > deadline) throw new Error(`nothing listens on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

export interface Program {
  command: string;
  args: string[];
  port: number;
  stopSignal?: NodeJS.Signals;
  identity?: { uid: number; gid: number };
  cwd?: string;
}

export interface StartedProgram extends Started {
  /** SIGSTOP freezes it with its connections open, SIGCONT lets it go on. */
  signal(name: "SIGSTOP" | "SIGCONT"): void;
}

/** Starts a program and waits until its port answers. Rejects with its output when it ends before. */
export async function startProgram(program: Program): Promise<StartedProgram> {
  const child = spawn(program.command, program.args, {
    stdio: ["ignore", "pipe", "pipe"],
    ...(program.cwd === undefined ? {} : { cwd: program.cwd }),
    ...program.identity,
  });
  const killed = () => child.kill("SIGKILL"); // when the test runner ends without stopping us
  process.once("exit", killed);
  child.once("exit", () => process.off("exit", killed));
  let output = "";
  let problem: Error | null = null;
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => (output = (output + chunk).slice(-4000)));
  child.once("error", (error) => (problem = error));
  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await listens(program.port))) {
    if (problem !== null || child.exitCode !== null || Date.now() > deadline) {
      await end(child, "SIGKILL");
      throw new Error(`${program.command} did not start: ${String(problem ?? output)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return {
    port: program.port,
    stop: () => end(child, program.stopSignal ?? "SIGTERM"),
    signal: (name) => void child.kill(name),
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
  await ended;
  clearTimeout(timer);
}
