/** The target of the benchmarks, in a process of its own so that its work is not counted as the hub's. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { TargetReply, TargetRequest } from "./target.ts";

const PROGRAM = fileURLToPath(new URL("./target.ts", import.meta.url));
/** The hub limits its connections to one host, and real services have many. */
const HOSTS = 64;
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

export interface TargetOptions {
  /** Ms from a request to its answer. */
  latencyMs?: number;
  /** Whether the services are asked for by a name: Cloudflare's fetch takes no addresses. */
  byName?: boolean;
}

export async function startTarget({ latencyMs = 0, byName = false }: TargetOptions = {}): Promise<Target> {
  const hosts = Array.from({ length: HOSTS }, (_, index) => (byName ? "127.0.0.1" : `127.0.0.${index + 1}`));
  const child = fork(PROGRAM, [String(latencyMs), ...hosts], {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ready = await nextReply(child);
  if (!("ports" in ready)) throw new Error("the target did not say its ports");
  const { ports } = ready;
  const ask = (request: TargetRequest) => child.send(request);
  return {
    url(number) {
      const index = number % HOSTS;
      return `http://${byName ? "localhost" : hosts[index]}:${ports[index]}/s/${number}`;
    },
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
