/**
 * Answers that Cloudflare gives in place of a target that it can't reach. `fetch` does not throw then, so without this
 * file a dead host would look like one that answers.
 */
import { readBounded } from "./bounded-body.ts";
import { ProbeFailure } from "./probe.ts";

const CLOSED = "connect: the connection was closed";
const TLS = "tls: the certificate is not trusted or the handshake failed";
/** https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/ */
const WORDS = new Map([
  [520, CLOSED],
  [521, "connect: refused"],
  [522, "connect: no answer in time"],
  [523, "connect: no route to the host"],
  [524, "no answer in time"],
  [525, TLS],
  [526, TLS],
  [527, CLOSED],
  [530, "connect: unknown host"],
]);
/** https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-1xxx-errors/ */
const NOT_FROM_HERE = new Map([
  ["1003", "can't be checked from here: the target is an address, and only names can be asked"],
  ["1042", "can't be checked from here: the target is another Worker of this hub's own zone"],
]);
const ERROR_CODE = /^\s*error code: (\d{3,4})\b/i;
const MAX_BODY_BYTES = 1_000;

/** Returns the failure that the answer stands for; null: the target itself answered. Then the body is untouched. */
export async function edgeFailure(response: Response): Promise<ProbeFailure | null> {
  const words = WORDS.get(response.status);
  if (words === undefined && response.status !== 403) return null;
  const isOfEdge = response.headers.has("cf-ray") || response.headers.get("server") === "cloudflare";
  const [, code] = ERROR_CODE.exec(await readBounded(response.clone(), MAX_BODY_BYTES)) ?? [];
  if (!isOfEdge && code === undefined) return null;
  const notFromHere = NOT_FROM_HERE.get(code ?? "");
  if (notFromHere !== undefined) return new ProbeFailure(notFromHere, { verdict: "unprobeable" });
  return words === undefined ? null : new ProbeFailure(words);
}
