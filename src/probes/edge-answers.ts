/**
 * Answers that Cloudflare gives in place of a target that it can't reach. A Worker's `fetch` does not throw then, so
 * without this file a dead host would look like one that answers. Over a socket such an answer is the target's own.
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
/** https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-1xxx-errors/ */
const NOT_FROM_HERE = new Map([
  ["1003", "can't be checked from here: the target is an address, and only names can be asked"],
  ["1042", "can't be checked from here: the target is another Worker of this hub's own zone"],
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
  const isOfEdge = answer.headers.has("cf-ray") || answer.headers.get("server") === "cloudflare";
  if (known === undefined && !(answer.status === 403 && isOfEdge)) return { failure: null, answer };
  const [peeked = null, rest = null] = answer.body?.tee() ?? [];
  const whole = { ...answer, body: rest };
  const peek = readText({ ...answer, body: peeked }, MAX_BODY_BYTES).then((body) => body.text);
  const text = await soon(PEEK_MS, peek, "");
  const [, code] = ERROR_CODE.exec(text) ?? [];
  const notFromHere = NOT_FROM_HERE.get(code ?? "");
  if (notFromHere !== undefined)
    return { failure: new ProbeFailure(notFromHere, { verdict: "unprobeable" }), answer: whole };
  const isOfTarget = known === undefined || (!isOfEdge && code === undefined);
  return { failure: isOfTarget ? null : new ProbeFailure(...known), answer: whole };
}
