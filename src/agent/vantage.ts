/** An agent as one of its hub's vantages: the hub asks over a WebSocket, the agent looks and answers. */
import { WebSocket as SocketOfNode } from "ws";
import { type Feed, startFeed } from "../client/feed.ts";
import { INSTANCE_HEADER } from "../core/agent/agent-instance.ts";
import { type AgentTask, type AgentTaskResult, agentTaskSchema, parseFrame } from "../core/agent/agent-task.ts";
import type { DueCheck } from "../core/service/check.ts";
import type { Observation } from "../core/service/records.ts";
import { observed } from "./reported.ts";

const MAX_FRAME_BYTES = 1_000_000;
/** More at once than an honest hub asks for. */
const MAX_TASKS = 32;

export interface VantageDeps {
  /** The hub's address, http(s). */
  hub: string;
  key: string;
  agent: string;
  /** See core/agent-instance.ts. */
  instance: string;
  /** Never rejects. */
  probe(check: DueCheck): Promise<Observation>;
  wait(ms: number): Promise<void>;
  log(line: string): void;
  /** The hub sent a task, or something else, of which nothing is done. */
  heard(isTask: boolean): void;
}

export class Vantage {
  readonly #deps: VantageDeps;
  #feed: Feed | null = null;
  #socket: SocketOfNode | null = null;
  #running = 0;

  constructor(deps: VantageDeps) {
    this.#deps = deps;
  }

  /** Whether the hub uses the agent as a vantage. */
  set(isVantage: boolean): void {
    if (isVantage === (this.#feed !== null)) return;
    if (isVantage) {
      this.#start();
    } else {
      this.#feed?.stop();
      this.#feed = null;
    }
  }

  #start(): void {
    const { log, heard } = this.#deps;
    let isLive = true; // so that a first failure is told
    this.#feed = startFeed<AgentTask>({
      open: () => this.#open(),
      parse: (text) => {
        const task = parseFrame(text, agentTaskSchema);
        heard(task !== null);
        return task;
      },
      now: Date.now,
      random: Math.random,
      onFrame: (task) => void this.#look(task),
      onState: ({ phase }) => {
        if (phase === "live") log("this agent is a vantage of its hub");
        if (phase === "lost" && isLive) log("no connection for the hub's own checks; trying again");
        isLive = phase !== "lost";
      },
    });
  }

  #open(): WebSocket {
    const { hub, key, agent, instance } = this.#deps;
    const socket = new SocketOfNode(`${hub.replace(/^http/, "ws")}/ws/agents/${agent}`, ["hub.v1"], {
      headers: { authorization: `Bearer ${key}`, [INSTANCE_HEADER]: instance },
      maxPayload: MAX_FRAME_BYTES,
      followRedirects: false, // the key goes to this address and no other
    });
    socket.on("error", () => {}); // the feed hears of the end
    this.#socket = socket;
    return socket as unknown as WebSocket; // the feed uses only what both have
  }

  /** Answers over the socket that the task came from. */
  async #look({ seq, checks }: AgentTask): Promise<void> {
    const socket = this.#socket;
    const answer = (observations: AgentTaskResult["observations"]) => {
      if (socket?.readyState === SocketOfNode.OPEN) socket.send(JSON.stringify({ seq, observations }));
    };
    if (this.#running >= MAX_TASKS) return answer([]);
    this.#running += 1;
    const observations = await Promise.all(checks.map((check) => this.#probe(check)));
    this.#running -= 1;
    answer(observations.map(observed));
  }

  async #probe({ after_ms = 0, ...check }: DueCheck): Promise<Observation> {
    if (after_ms > 0) await this.#deps.wait(after_ms);
    return await this.#deps.probe(check);
  }
}
