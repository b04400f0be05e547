/** The requests of an agent to its hub. */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { z } from "zod";
import { INSTANCE_HEADER, TAKE_OVER_HEADER } from "../core/agent/agent-instance.ts";
import {
  type AgentReceipt,
  type AgentReport,
  agentReceiptSchema,
  type ReadChecks,
  readChecksSchema,
} from "../core/agent/agent-protocol.ts";
import { type Discovery, type DiscoveryAnswer, discoveryAnswerSchema } from "../core/agent/discovery.ts";
import type { HubClock } from "./hub-clock.ts";

const WAIT_S = 25;
const CHECKS_TIMEOUT_MS = (WAIT_S + 15) * 1_000;
const REPORT_TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 16_000_000;

/** The hub did not take the request. `retryAfterMs`: when it asked for a pause. */
export class HubRefused extends Error {
  override name = "HubRefused";
  readonly status: number;
  readonly retryAfterMs: number | null;

  constructor(status: number, detail: string, retryAfterMs: number | null) {
    super(`the hub answers ${status}: ${detail}`);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }

  /** Nobody but a person can help: the key is not valid, or the agent was removed. */
  get isLockedOut(): boolean {
    return [401, 403, 404].includes(this.status);
  }

  /** Another process has the agent's name. */
  get isNameTaken(): boolean {
    return this.status === 409;
  }
}

/** The answer is none that a hub gives. Nothing of it is used. */
export class HubAnswerWrong extends Error {
  override name = "HubAnswerWrong";
}

export interface HubApiOptions {
  url: string;
  key: string;
  agent: string;
  /** See core/agent-instance.ts. */
  instance: string;
  /** Whether the agent takes its name from another process. */
  takesOver: boolean;
  clock: HubClock;
  /** This machine's clock, Unix ms. */
  local(): number;
  /** The hub's time is not what it was taken for. `ms`: forward; negative: back. */
  jumped(ms: number): void;
  /** Ends the request for checks, which waits for news. */
  stopping: AbortSignal;
  /** Ends all other requests: a moment later, so that the last report gets through. */
  stopped: AbortSignal;
}

export class HubApi {
  readonly #options: HubApiOptions;
  #tag: string | null = null;
  #takesOver: boolean;

  constructor(options: HubApiOptions) {
    this.#options = options;
    this.#takesOver = options.takesOver;
  }

  /** The next answer has the checks, whether they have changed or not. */
  forgetChecks(): void {
    this.#tag = null;
  }

  /** Returns null when the checks have not changed. The first call answers at once, the others when something changes. */
  async checks(): Promise<ReadChecks | null> {
    return await this.#getChecks(this.#tag === null ? 0 : WAIT_S);
  }

  async #getChecks(wait: number): Promise<ReadChecks | null> {
    const known: Record<string, string> = this.#tag === null ? {} : { "if-none-match": this.#tag };
    const { response, sent } = await this.#send(`checks?wait=${wait}`, { headers: known }, [
      this.#options.stopping,
      AbortSignal.timeout(CHECKS_TIMEOUT_MS),
    ]);
    if (response.status === 304) return null;
    const checks = await this.#read(response, readChecksSchema);
    const { agent, now } = checks.answer;
    if (agent !== this.#options.agent) throw new HubAnswerWrong(`it is for the agent ${agent}`);
    if (wait === 0) this.#heard(now, sent);
    this.#tag = response.headers.get("etag");
    return checks;
  }

  /** Like `checks`, but answers at once. */
  async checksNow(): Promise<ReadChecks | null> {
    return await this.#getChecks(0);
  }

  async putServices(discovery: Discovery): Promise<DiscoveryAnswer> {
    const { response } = await this.#sendBody("PUT", "services", discovery);
    return await this.#read(response, discoveryAnswerSchema);
  }

  async report(report: AgentReport): Promise<AgentReceipt> {
    const { response, sent } = await this.#sendBody("POST", "observations", report);
    const receipt = await this.#read(response, agentReceiptSchema);
    this.#heard(receipt.now, sent);
    return receipt;
  }

  async #sendBody(method: string, path: string, content: object): Promise<{ response: Response; sent: number }> {
    const body = await promisify(gzip)(JSON.stringify(content));
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    const signals = [this.#options.stopped, AbortSignal.timeout(REPORT_TIMEOUT_MS)];
    return await this.#send(path, { method, headers, body: new Uint8Array(body) }, signals);
  }

  async #send(
    path: string,
    init: { method?: string; headers: Record<string, string>; body?: Uint8Array<ArrayBuffer> },
    signals: AbortSignal[],
  ): Promise<{ response: Response; sent: number }> {
    const { url, agent, key, local } = this.#options;
    const sent = local();
    const response = await fetch(`${url}/api/agents/${agent}/${path}`, {
      ...init,
      headers: { ...init.headers, ...this.#identity(), authorization: `Bearer ${key}` },
      redirect: "error", // the key goes to this address and no other
      signal: AbortSignal.any(signals),
    });
    if (response.ok || response.status === 304) {
      this.#takesOver = false; // it has the name, and leaves it to who takes it over later
      return { response, sent };
    }
    const after = Number(response.headers.get("retry-after") ?? Number.NaN);
    throw new HubRefused(response.status, await detailOf(response), Number.isFinite(after) ? after * 1_000 : null);
  }

  #identity(): Record<string, string> {
    const { instance } = this.#options;
    return { [INSTANCE_HEADER]: instance, ...(this.#takesOver ? { [TAKE_OVER_HEADER]: "yes" } : {}) };
  }

  async #read<S extends z.ZodType>(response: Response, schema: S): Promise<z.infer<S>> {
    const document = parseJson(await limitedText(response, MAX_ANSWER_BYTES));
    const result = schema.safeParse(document);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    throw new HubAnswerWrong(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not understood"}`);
  }

  #heard(hubNow: number, sent: number): void {
    const { clock, local, jumped } = this.#options;
    const jump = clock.heard(hubNow, sent, local());
    if (jump !== 0) jumped(jump);
  }
}

async function detailOf(response: Response): Promise<string> {
  const problem = z.object({ detail: z.string() }).safeParse(parseJson(await limitedText(response, 10_000)));
  return problem.success ? problem.data.detail : response.statusText;
}

/** Throws a HubAnswerWrong when the body is longer. */
async function limitedText(response: Response, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > maxBytes) throw new HubAnswerWrong(`longer than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
