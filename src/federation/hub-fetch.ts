/** Requests to other hubs: only to addresses that are allowed, without redirects, bounded in size and time. */

import { parseProbedTarget } from "../core/service/target.ts";
import { messageOf } from "../core/values/error-message.ts";

export interface HubRequest {
  method: "GET" | "POST";
  url: string;
  headers?: Record<string, string>;
  body?: string | null;
  /** Largest body of the answer. */
  maxBytes: number;
  /** Milliseconds until the whole answer is there. */
  timeoutMs: number;
  /** Whether private and loopback addresses are allowed. If not, `fetch` must reach public ones only, whatever a name stands for. */
  allowPrivate: boolean;
  fetch(url: string, init: RequestInit): Promise<Response>;
}

export interface HubAnswer {
  status: number;
  text: string;
  headers: Headers;
}

/** Why a request to another hub failed, in words for a person. */
export class HubUnreachable extends Error {
  override name = "HubUnreachable";
  /** The HTTP status that says so; null: there is none. */
  readonly status: number | null;

  constructor(words: string, status: number | null = null) {
    super(words);
    this.status = status;
  }
}

/** Throws a HubUnreachable when there is no whole answer, or when the answer says that the request failed. */
export async function hubFetch(request: HubRequest): Promise<HubAnswer> {
  const { method, url, headers = {}, body = null, maxBytes, timeoutMs, allowPrivate } = request;
  const target = parseProbedTarget("http", url, { allowPrivate });
  if (!target.ok) throw new HubUnreachable(`the address is refused: ${target.error}`);
  const signal = AbortSignal.timeout(timeoutMs);
  const withBody = body === null ? headers : { ...headers, "content-type": "application/json" };
  try {
    const response = await request.fetch(url, { method, headers: withBody, body, signal, redirect: "manual" });
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      throw new HubUnreachable("it answers with a redirect, which is not followed");
    }
    const text = await boundedText(response, maxBytes);
    if (response.status >= 400) throw new HubUnreachable(refusalOf(response.status, text), response.status);
    return { status: response.status, text, headers: response.headers };
  } catch (error) {
    if (error instanceof HubUnreachable) throw error;
    if (signal.aborted) throw new HubUnreachable(`it did not answer within ${timeoutMs / 1_000} s`);
    throw new HubUnreachable(`it can't be reached: ${messageOf(error)}`);
  }
}

/** Reads the body as JSON. Throws a HubUnreachable when it is none. */
export function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HubUnreachable("the answer is not JSON: is this the address of a hub?");
  }
}

async function boundedText(response: Response, maxBytes: number): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let bytes = 0; ; ) {
    const { value, done } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.length;
    if (bytes > maxBytes) {
      await reader.cancel();
      throw new HubUnreachable(`the answer is larger than ${maxBytes} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** Returns the words of the other hub's problem, if it has some. */
function refusalOf(status: number, text: string): string {
  try {
    const { detail } = JSON.parse(text);
    if (typeof detail === "string") return `it answers ${status}: ${detail.slice(0, 200)}`;
  } catch {
    // not a problem of a hub
  }
  return `it answers ${status}`;
}
