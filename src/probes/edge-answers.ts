/**
 * Answers that Cloudflare gives in place of a target that it can't reach. A Worker's `fetch` does not throw then, so
 * without this file a dead host would look like one that answers. Over a socket such an answer is the target's own. All of
 * them are failures, because a target can forge them. That an address (1003) or another Worker of the zone (1042) can't be
 * asked is never said to a hub: it asks addresses over sockets, and has the flag `global_fetch_strictly_public`.
 */
import { CAUSES } from "./failure-words.ts";
import type { HttpAnswer } from "./http-answer.ts";
import { readText } from "./http-body.ts";
import { type FailureOptions, ProbeFailure } from "./probe-failure.ts";
import { soon } from "./soon.ts";

const TLS: [string, FailureOptions] = [CAUSES.tls, { unclear: "tls" }];
/** https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/ */
const FAILURES = new Map<number, [words: string, options: FailureOptions]>([
  [520, [CAUSES.lost, {}]],
  [521, [CAUSES.refused, {}]],
  [522, [CAUSES.noAnswer, {}]],
  [523, [CAUSES.noRoute, {}]],
  [524, ["http: connected, and no answer in time", {}]],
  [525, TLS],
  [526, TLS],
  [527, [CAUSES.lost, {}]],
  [530, [CAUSES.unknownHost, {}]],
]);
const ERROR_CODE = /^\s*error code: (\d{3,4})\b/i;
const MAX_BODY_BYTES = 1_000;

/** Cloudflare sends its few words at once. */
const PEEK_MS = 500;

export interface Received {
  /** Null: the target itself answered. */
  failure: ProbeFailure | null;
  /** The answer, with its whole body. */
  answer: HttpAnswer;
}

export async function edgeFailure(answer: HttpAnswer): Promise<Received> {
  const known = FAILURES.get(answer.status);
  if (known === undefined) return { failure: null, answer };
  const isOfEdge = answer.headers.has("cf-ray") || answer.headers.get("server") === "cloudflare";
  const [peeked = null, rest = null] = answer.body?.tee() ?? [];
  const whole = { ...answer, body: rest };
  const peek = readText({ ...answer, body: peeked }, MAX_BODY_BYTES).then((body) => body.text);
  const text = await soon(PEEK_MS, peek, "");
  const [, code] = ERROR_CODE.exec(text) ?? [];
  const isOfTarget = !isOfEdge && code === undefined;
  return { failure: isOfTarget ? null : new ProbeFailure(...known), answer: whole };
}
