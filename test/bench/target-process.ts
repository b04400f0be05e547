/** The target of the benchmarks, in a process of its own so that its work is not counted as the hub's. */
import { fileURLToPath } from "node:url";
import { endProgram, forkProgram, nextReply } from "./forked.ts";
import type { TargetReply, TargetRequest } from "./target.ts";

const PROGRAM = fileURLToPath(new URL("./target.ts", import.meta.url));
/** The hub limits its connections to one host, and real services have many. */
const HOSTS = 64;

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
  const child = forkProgram(PROGRAM, [String(latencyMs), ...hosts]);
  const ready = await nextReply<TargetReply>(child, "the target");
  if (!("ports" in ready)) throw new Error("the target did not say its ports");
  const { ports } = ready;
  const ask = (request: TargetRequest) => child.send(request);
  return {
    url(number) {
      const index = number % HOSTS;
      return `http://${byName ? "localhost" : hosts[index]}:${ports[index]}/s/${number}`;
    },
    async takeAnswers() {
      const reply = nextReply<TargetReply>(child, "the target");
      ask({ ask: "take" });
      const answers = await reply;
      if (!("times" in answers)) throw new Error("the target did not answer with its log");
      return answers;
    },
    lose: (part) => void ask({ ask: "loss", part }),
    stop: () => endProgram(child),
  };
}
