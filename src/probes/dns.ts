/**
 * The dns probe: asks a resolver one question, over TCP (RFC 7766) or over HTTPS (RFC 8484), and judges what it says.
 */
import { askedName } from "../core/methods/dns.ts";
import { DEFAULT_RECORD_TYPE, RECORD_TYPES } from "../core/service/dns-records.ts";
import { authority } from "../core/service/target.ts";
import { vector } from "./bytes.ts";
import { Connection } from "./connection.ts";
import { dislikesEdns, judgeDns } from "./dns-judge.ts";
import { beginsAnswer, type DnsAnswer, dnsQuery, HEADER_BYTES, type Question, readDnsAnswer } from "./dns-message.ts";
import { send } from "./http.ts";
import { discard, typeOf } from "./http-answer.ts";
import { readBytes } from "./http-body.ts";
import { requestHeaders } from "./http-request.ts";
import { onceMore } from "./once-more.ts";
import type { ProbeJob, ProbeResult, Protocol } from "./probe.ts";
import { ProbeFailure } from "./probe-failure.ts";

/** The greatest length that stands before a message over TCP. */
const MAX_MESSAGE_BYTES = 65_535;
const MESSAGE_TYPE = "application/dns-message";
const NO_MESSAGE = "dns: the answer is no message of DNS";

export const dnsProbe: Protocol = async (job): Promise<ProbeResult> => {
  const { target, check, secrets } = job;
  const { record_type = DEFAULT_RECORD_TYPE } = check.health_options;
  const name = askedName(target, check.health_options);
  if (name === null)
    throw new ProbeFailure("dns: the check names nothing that can be asked", { verdict: "unprobeable" });
  const question = { name, type: RECORD_TYPES[record_type] };
  const first = await ask(job, question, true);
  const answer = dislikesEdns(first) ? await ask(job, question, false) : first;
  return judgeDns(answer, question, check.health_options, (text) => secrets.redact(text));
};

/** Without EDNS nobody can say that an answer is validated: what stands in that place may be left from the question. */
async function ask(job: ProbeJob, question: Question, withEdns: boolean): Promise<DnsAnswer> {
  const isOverHttps = job.target.tls;
  const id = isOverHttps ? 0 : (crypto.getRandomValues(new Uint16Array(1))[0] ?? 0); // RFC 8484, 4.1
  const query = dnsQuery(id, question, withEdns);
  const bytes = isOverHttps ? await askOverHttps(job, query) : await onceMore(job, () => askOverTcp(job, query));
  const answer = readDnsAnswer(bytes);
  if (answer === null) throw new ProbeFailure(NO_MESSAGE, { answered: true });
  if (answer.id !== id) throw new ProbeFailure("dns: the answer is to another question (its id)", { answered: true });
  return { ...answer, isValidated: answer.isValidated && withEdns };
}

type Query = Uint8Array<ArrayBuffer>;

/** Returns the bytes of the answer. What can't become one ends the look at once, whatever length it claims to have. */
async function askOverTcp(job: ProbeJob, query: Query): Promise<Uint8Array> {
  const connection = await Connection.open(job, "off");
  job.progress.stage = "no answer from the resolver";
  await connection.write(vector(2, query));
  const size = (await connection.read(2)).reduce((value, byte) => value * 256 + byte, 0);
  if (size < HEADER_BYTES) throw connection.failure(NO_MESSAGE);
  const header = await connection.read(HEADER_BYTES);
  if (!beginsAnswer(header)) throw connection.failure(NO_MESSAGE, { unclear: "protocol" });
  job.progress.stage = "the answer did not end";
  const rest = await connection.read(size - HEADER_BYTES);
  connection.close();
  return Uint8Array.from([...header, ...rest]);
}

async function askOverHttps(job: ProbeJob, query: Query): Promise<Uint8Array> {
  const url = new URL(`https://${authority(job.target)}${job.target.path}`);
  const headers = requestHeaders(job);
  for (const name of ["accept", "content-type"]) headers.set(name, MESSAGE_TYPE);
  const answer = await send(job, { url, method: "POST", headers, body: query, isRepeatable: true });
  const type = typeOf(answer);
  if (answer.status === 200 && type.split(";")[0]?.trim().toLowerCase() === MESSAGE_TYPE) {
    job.progress.stage = "the answer did not end";
    const bytes = await readBytes(answer, MAX_MESSAGE_BYTES);
    if (bytes !== null) return bytes;
    throw new ProbeFailure(`${NO_MESSAGE}: it is longer than any`, { answered: true });
  }
  await discard(answer);
  const words = answer.status === 200 ? `${NO_MESSAGE} (${type || "no type"})` : `dns: HTTP status ${answer.status}`;
  throw new ProbeFailure(words, { answered: true });
}
