/** The http probe: checks the status code, the text of the body, and what a JSON body reports about its service. */
import { isAddress } from "../core/service/address.ts";
import type { HealthOptions } from "../core/service/options.ts";
import { authority } from "../core/service/target.ts";
import { UnreadableCoding } from "./decompress.ts";
import { edgeFailure } from "./edge-answers.ts";
import { CAUSES, failureFromError } from "./failure-words.ts";
import { MAX_PLAIN_BYTES, readSelfReport, type SelfReport } from "./health-report.ts";
import { answerOf, discard, type HttpAnswer, isJson, isPlainText } from "./http-answer.ts";
import { readText } from "./http-body.ts";
import { judgeBody, judgePlain, MAX_BODY_BYTES, needsBody, parseJson, stopOf } from "./http-judge.ts";
import { requestOverSocket } from "./http-over-socket.ts";
import {
  endpointOf,
  goesOverSocket,
  type HttpRequest,
  hostOf,
  mayRepeat,
  redirected,
  refuseUnverified,
  requestHeaders,
} from "./http-request.ts";
import { onceMore } from "./once-more.ts";
import { PASSED, type ProbeJob, type ProbeResult, type Protocol } from "./probe.ts";
import { ProbeFailure } from "./probe-failure.ts";
import { soon } from "./soon.ts";

const MAX_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];
const DEFAULT_EXPECTED = ["200-299"];
/** A service that answers one word, or reports its failure, has that ready. Later words are of no interest. */
const SOON_MS = 500;
/** Compressed, a body may be a little longer than it is plain. */
const MAX_SENT_BYTES = MAX_BODY_BYTES + 65_536;

export const httpProbe: Protocol = async (job): Promise<ProbeResult> => {
  const answer = await follow(job);
  const options = job.check.health_options;
  if (!isExpected(answer.status, options.expected_status)) {
    const expected = options.expected_status?.join(", ") ?? DEFAULT_EXPECTED.join(", ");
    const said = isJson(answer) ? await soon<SelfReport | null>(SOON_MS, readReport(answer, job), null) : null;
    await discard(answer);
    const because = said?.error == null ? "" : ` (${said.error})`;
    throw new ProbeFailure(`http: status ${answer.status}, expected ${expected}${because}`, { answered: true });
  }
  job.progress.stage = "the body did not come";
  if (needsBody(options)) return await judged(answer, job);
  if (isJson(answer)) return await judged(answer, job).catch(passUnlessRead);
  if (isPlainText(answer)) return await plainResult(answer, job);
  await discard(answer);
  return PASSED;
};

async function judged(answer: HttpAnswer, { check: { health_options }, secrets }: ProbeJob): Promise<ProbeResult> {
  const json = isJson(answer);
  const body = await readText(answer, MAX_BODY_BYTES, stopOf(health_options, json, secrets));
  return judgeBody(body, health_options, json, secrets);
}

/** Nothing was asked of a body that can't be read here, so the status code stands. */
function passUnlessRead(error: unknown): ProbeResult {
  if (error instanceof UnreadableCoding) return PASSED;
  throw error;
}

async function plainResult(answer: HttpAnswer, { context }: ProbeJob): Promise<ProbeResult> {
  const certainAt = context.now();
  const word = readText(answer, MAX_PLAIN_BYTES).then(({ text, isWhole }) => (isWhole ? text : ""));
  return { ...judgePlain(await soon(SOON_MS, word, "")), certainAt };
}

async function follow(job: ProbeJob): Promise<HttpAnswer> {
  const { target, check } = job;
  const { method = "GET", body } = check.health_options;
  const url = new URL(`${target.tls ? "https" : "http"}://${authority(target)}${target.path}`);
  let request: HttpRequest = { url, method, headers: requestHeaders(job), body };
  for (let hops = 0; ; hops++) {
    const answer = await send(job, request);
    const location = answer.headers.get("location") ?? "";
    if (location === "" || !REDIRECTS.includes(answer.status) || !followsRedirects(check.health_options)) return answer;
    await discard(answer);
    if (hops >= MAX_REDIRECTS) {
      throw new ProbeFailure(`http: more than ${MAX_REDIRECTS} redirects`, { answered: true });
    }
    request = redirected(request, answer.status, location, job);
  }
}

/** By default redirects are followed, unless only redirects are expected. */
function followsRedirects({ follow_redirects, expected_status }: HealthOptions): boolean {
  return follow_redirects ?? !(expected_status?.every((range) => /^3\d\d(-3\d\d)?$/.test(String(range))) ?? false);
}

/** Sends one request, by the platform's fetch where it sends the same. Follows no redirect. */
export async function send(job: ProbeJob, request: HttpRequest): Promise<HttpAnswer> {
  const endpoint = endpointOf(request.url);
  Object.assign(job.progress, { stage: "no response headers", handshaking: false, answered: false, endpoint });
  const ask = () => sendOverSocket(job, request);
  if (goesOverSocket(request, job.context)) return mayRepeat(request) ? await onceMore(job, ask) : await ask();
  try {
    return await sendByFetch(job, request);
  } catch (error) {
    if (job.signal.aborted || error instanceof ProbeFailure) throw error;
    if (!mayRepeat(request)) throw fetchFailure(error);
    return await sendAgain(job, request, error);
  }
}

async function sendByFetch({ context, seat, signal, progress }: ProbeJob, request: HttpRequest): Promise<HttpAnswer> {
  const { url, method, headers, body } = request;
  const init: RequestInit = { method, headers, redirect: "manual", signal, cache: "no-store" };
  const asked = (context.fetch ?? fetch)(url, body === undefined ? init : { ...init, body });
  seat.until(asked);
  const { failure, answer } = await edgeFailure(answerOf(await asked));
  if (failure !== null) throw failure;
  progress.answered = true;
  return answer;
}

/**
 * `fetch` fails in the same words for a connection that was used too long, an answer that it finds malformed, and a dead
 * host. Over a connection of its own the request succeeds, or its failure says why.
 */
async function sendAgain(job: ProbeJob, request: HttpRequest, error: unknown): Promise<HttpAnswer> {
  if (isAddress(hostOf(request.url)) && request.url.protocol === "https:") throw fetchFailure(error);
  try {
    return await sendOverSocket(job, request);
  } catch (second) {
    const failure = second instanceof ProbeFailure ? second : failureFromError(second, job.progress);
    throw failure.verdict === "unprobeable" ? fetchFailure(error) : failure;
  }
}

/** `fetch` has thrown the error. */
export function fetchFailure(error: unknown): ProbeFailure {
  const failure = failureFromError(error, { handshaking: false, answered: false });
  if (failure.verdict !== "fail") return failure;
  const { message } = failure;
  const isUnclear = message === CAUSES.reset || message === CAUSES.closed || message === CAUSES.failed;
  return new ProbeFailure(isUnclear ? CAUSES.lost : message, { unclear: "name" });
}

async function sendOverSocket(job: ProbeJob, { url, method, headers, body }: HttpRequest): Promise<HttpAnswer> {
  const { endpoint } = job.progress;
  refuseUnverified(endpoint, job.context);
  const request = { method, host: url.host, path: url.pathname + url.search, headers, body };
  return await requestOverSocket({ ...job, target: { ...job.target, ...endpoint } }, request, MAX_SENT_BYTES);
}

function isExpected(status: number, expected: HealthOptions["expected_status"]): boolean {
  return (expected ?? DEFAULT_EXPECTED).some((range) => {
    const [low, high = low] = String(range).split("-").map(Number);
    return low !== undefined && high !== undefined && status >= low && status <= high;
  });
}

async function readReport(answer: HttpAnswer, { secrets }: ProbeJob): Promise<SelfReport> {
  const { text } = await readText(answer, MAX_BODY_BYTES);
  return readSelfReport(parseJson(secrets.redactJson(text)));
}
