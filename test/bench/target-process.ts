/** The target of the benchmarks, in a process of its own so that its work is not counted as the hub's. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { TargetReply, TargetRequest } from "./target.ts";

const PROGRAM = fileURLToPath(new URL("./target.ts", import.meta.url));
/** The hub limits its connections to one host, and real services have many. */
const HOSTS = Array.from({ length: 64 }, (_, index) => `127.0.0.${index + 1}`);
const PATIENCE_MS = 10_000;

export interface Answers {
  /** Of the services asked for, in order of time. */
  numbers: number[];
  /** Unix ms, with fractions. */
  times: number[];
}

export interface Target {
  /** What service `number` is to be probed at. */
  url(number: number): string;
  /** What was answered since the last call. */
  takeAnswers(): Promise<Answers>;
  /** Lets this part of the answers be a 503. */
  lose(part: number): void;
  stop(): Promise<void>;
}

export async function startTarget(): Promise<Target> {
  const child = fork(PROGRAM, HOSTS, { serialization: "advanced", stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const ready = await nextReply(child);
  if (!("port" in ready)) throw new Error("the target did not say its port");
  const ask = (request: TargetRequest) => child.send(request);
  return {
    url: (number) => `http://${HOSTS[number % HOSTS.length]}:${ready.port}/s/${number}`,
    async takeAnswers() {
      const reply = nextReply(child);
      ask({ ask: "take" });
      const answers = await reply;
      if (!("times" in answers)) throw new Error("the target did not answer with its log");
      return answers;
    },
    lose: (part) => void ask({ ask: "loss", part }),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function nextReply(child: ChildProcess): Promise<TargetReply> {
  const [reply]: TargetReply[] = await once(child, "message", { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (reply === undefined) throw new Error("the target sent nothing");
  return reply;
}
