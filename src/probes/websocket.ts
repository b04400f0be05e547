/**
 * The websocket probe: upgrades a connection (RFC 6455, 4), sends a message if it has one, and judges the first text
 * message if something is expected of it. It goes over a socket, or by the platform's `fetch` where only that can.
 */
import { failedAssertion } from "../core/service/json-assertions.ts";
import { authority } from "../core/service/target.ts";
import { Connection } from "./connection.ts";
import { edgeFailure } from "./edge-answers.ts";
import { failureFromError } from "./failure-words.ts";
import { fetchFailure } from "./http.ts";
import { answerOf, discard, type HttpAnswer } from "./http-answer.ts";
import { readText } from "./http-body.ts";
import { parseJson } from "./http-judge.ts";
import { exchange } from "./http-over-socket.ts";
import { refuseUnverified, requestHeaders, upgradesOverSocket } from "./http-request.ts";
import { onceMore } from "./once-more.ts";
import { PASSED, type ProbeJob, type ProbeResult, type Protocol } from "./probe.ts";
import { ProbeFailure } from "./probe-failure.ts";
import { shown } from "./shown.ts";
import { soon } from "./soon.ts";
import { FetchSession, SocketSession, UnclearEnd, type WebSocketSession } from "./websocket-session.ts";

/** A server that keeps to the protocol answers a close at once. Its time is not measured. */
const CLOSE_MS = 500;
/** The reason of a refusal is in its first words, which come at once. */
const REASON_MS = 500;
const MAX_REASON_BYTES = 1_000;
/** The answer that the runtime's `fetch` makes of an answer 101 that is wrong. */
const BY_RUNTIME = /^Server failed WebSocket handshake/;
/** RFC 6455, 1.3 */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

interface Upgrade {
  url: URL;
  headers: Headers;
}

export const websocketProbe: Protocol = async (job): Promise<ProbeResult> => {
  const url = new URL(`${job.target.tls ? "https" : "http"}://${authority(job.target)}${job.target.path}`);
  const headers = requestHeaders(job);
  const { subprotocol, send } = job.check.health_options;
  headers.set("upgrade", "websocket");
  if (subprotocol !== undefined) headers.set("sec-websocket-protocol", subprotocol);
  const upgrade = { url, headers };
  job.progress.stage = "no response headers";
  if (upgradesOverSocket(upgrade, job.context)) return await talk(job, await overSocket(job, upgrade));
  const session = await byFetch(job, upgrade).catch((error) => again(job, upgrade, error));
  return await talk(job, session).catch(async (error) => {
    const mayAskAgain = error instanceof UnclearEnd && session instanceof FetchSession && send === undefined;
    if (!mayAskAgain) throw error;
    return await talk(job, await again(job, upgrade, error));
  });
};

async function talk(job: ProbeJob, session: WebSocketSession): Promise<ProbeResult> {
  const { check, context, progress } = job;
  const { send, expect, json = [] } = check.health_options;
  if (send !== undefined) {
    progress.stage = "the message was not taken";
    await session.send(send);
  }
  const isAnswerJudged = expect !== undefined || json.length > 0;
  if (isAnswerJudged) {
    progress.stage = send === undefined ? "no message came" : "no answer to the message";
    judge(await session.receive(), job);
  }
  const certainAt = context.now();
  const wrong = await soon(CLOSE_MS, session.close(), null);
  // A server that breaks at the upgrade or the message would pass for one that took them.
  if (wrong !== null && !isAnswerJudged) throw wrong;
  return { ...PASSED, certainAt };
}

/** The secrets are removed before anything is compared, so that no check can find one out by comparing. */
function judge(text: string, { check, secrets }: ProbeJob): void {
  const { expect, json = [] } = check.health_options;
  const clean = secrets.redact(text);
  if (expect !== undefined && !clean.includes(expect)) {
    throw failure(`the answer does not contain ${JSON.stringify(expect)}: ${shown(clean)}`);
  }
  if (json.length === 0) return;
  const document = parseJson(secrets.redactJson(text));
  if (document === undefined) throw failure(`the answer is not JSON: ${shown(clean)}`);
  const failed = failedAssertion(document, json);
  if (failed !== null) throw failure(failed);
}

async function byFetch(job: ProbeJob, { url, headers }: Upgrade): Promise<WebSocketSession> {
  const { context, seat, signal, progress } = job;
  const asked = (context.fetch ?? fetch)(url, { headers, redirect: "manual", signal });
  seat.until(asked);
  const response = await asked;
  if (response.webSocket !== null) {
    const session = new FetchSession(response.webSocket, signal);
    progress.answered = true;
    checkSubprotocol(job, response.headers);
    return session;
  }
  const { failure: ofEdge, answer } = await edgeFailure(answerOf(response));
  throw ofEdge ?? (await refusal(answer, job, BY_RUNTIME));
}

/** `fetch` fails in the same words for whatever is wrong with an answer. Over a socket the failure says why. */
async function again(job: ProbeJob, upgrade: Upgrade, error: unknown): Promise<WebSocketSession> {
  if (job.signal.aborted || (error instanceof ProbeFailure && !(error instanceof UnclearEnd))) throw error;
  try {
    return await overSocket(job, upgrade);
  } catch (second) {
    const found = second instanceof ProbeFailure ? second : failureFromError(second, job.progress);
    if (found.verdict !== "unprobeable") throw found;
    throw error instanceof ProbeFailure ? error : fetchFailure(error);
  }
}

function overSocket(job: ProbeJob, upgrade: Upgrade): Promise<WebSocketSession> {
  return onceMore(job, () => openOverSocket(job, upgrade));
}

async function openOverSocket(job: ProbeJob, upgrade: Upgrade): Promise<WebSocketSession> {
  refuseUnverified(job.target, job.context);
  const connection = await Connection.open(job, job.target.tls ? "on" : "off");
  const key = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
  const headers = new Headers(upgrade.headers);
  headers.set("connection", "Upgrade");
  headers.set("sec-websocket-version", "13");
  headers.set("sec-websocket-key", key);
  const { host, pathname, search } = upgrade.url;
  const request = { method: "GET", host, path: pathname + search, headers, body: undefined };
  const answer = await exchange(job, connection, request, MAX_REASON_BYTES);
  if (answer.status !== 101) throw await refusal(answer, job);
  await checkUpgrade(job, answer.headers, key);
  checkSubprotocol(job, answer.headers);
  return new SocketSession(connection);
}

/** RFC 6455, 4.1 */
async function checkUpgrade({ secrets }: ProbeJob, headers: Headers, key: string): Promise<void> {
  const names = (name: string) => (headers.get(name) ?? "").toLowerCase().split(/\s*,\s*/);
  if (!names("upgrade").includes("websocket") || !names("connection").includes("upgrade")) {
    throw failure("the answer 101 is no upgrade to WebSocket");
  }
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(key + GUID));
  if (headers.get("sec-websocket-accept") !== btoa(String.fromCharCode(...new Uint8Array(digest)))) {
    throw failure("the answer 101 has a wrong Sec-WebSocket-Accept, so it is not of a WebSocket server");
  }
  const extensions = (headers.get("sec-websocket-extensions") ?? "").trim();
  if (extensions === "") return;
  throw failure(`the server uses an extension that nobody asked for: ${shown(secrets.redact(extensions))}`);
}

function checkSubprotocol({ check, secrets }: ProbeJob, headers: Headers): void {
  const taken = headers.get("sec-websocket-protocol");
  const { subprotocol = null } = check.health_options;
  if (taken === subprotocol) return;
  if (taken === null) throw failure(`the server does not take the subprotocol ${subprotocol}`);
  throw failure(`the server takes the subprotocol ${shown(secrets.redact(taken))}, which nobody asked for`);
}

/** `ofRuntime`: such words are not the server's own. */
async function refusal(
  answer: HttpAnswer,
  { secrets }: ProbeJob,
  ofRuntime: RegExp | null = null,
): Promise<ProbeFailure> {
  const { status, headers } = answer;
  const body = await soon(REASON_MS, readText(answer, MAX_REASON_BYTES), { text: "", isWhole: true });
  await discard(answer);
  const clean = body.isWhole ? secrets.redact(body.text) : secrets.redactBeginning(body.text);
  const said = clean.replace(/\s+/g, " ").trim();
  if (status === 502 && ofRuntime?.test(said) === true) return new UnclearEnd(`websocket: ${said}`, { answered: true });
  const location = status >= 300 && status < 400 ? headers.get("location") : null;
  const to = location === null ? "" : `, a redirect to ${secrets.redact(location)}`;
  return failure(`status ${status}, expected 101${to}${said === "" ? "" : `: ${shown(said)}`}`);
}

function failure(words: string): ProbeFailure {
  return new ProbeFailure(`websocket: ${words}`, { answered: true });
}
