/** Judges what a resolver says, by the options of the check. */
import { canonicalRecord, DEFAULT_RECORD_TYPE, RECORD_TYPES } from "../core/service/dns-records.ts";
import type { HealthOptions } from "../core/service/options.ts";
import type { DnsAnswer, DnsRecord, Question } from "./dns-message.ts";
import { MAX_DETAIL_CHARS, type ProbeResult } from "./probe.ts";
import { ProbeFailure } from "./probe-failure.ts";
import { shortList } from "./short-list.ts";

const NO_ERROR = 0;
const NO_SUCH_NAME = 3;

const [FORMERR, NOTIMP, BADVERS] = [1, 4, 16];

/** RFC 1035, 4.1.1; RFC 2136, 2.2; RFC 6891, 9; RFC 7873, 8. */
const CODES = new Map([
  [FORMERR, "FORMERR: the resolver does not understand the question"],
  [2, "SERVFAIL: the resolver could not find the answer"],
  [NOTIMP, "NOTIMP: the resolver knows no such questions"],
  [5, "REFUSED: the resolver answers no such questions, or not from here"],
  [9, "NOTAUTH: the resolver does not answer for this name"],
  [BADVERS, "BADVERS: the resolver does not speak this version of EDNS"],
  [23, "BADCOOKIE: the resolver wants a cookie of its own"],
]);

/** Why a resolver could not find an answer; others are told by their number (RFC 8914, 4). */
const REASONS = new Map([
  [6, "DNSSEC bogus"],
  [7, "a signature has expired"],
  [8, "a signature is not yet valid"],
  [9, "a key of DNSSEC is missing"],
  [10, "signatures are missing"],
  [12, "the proof of DNSSEC is missing"],
  [15, "blocked"],
  [16, "censored"],
  [17, "filtered"],
  [18, "prohibited"],
  [20, "not authoritative"],
  [22, "no authority answers"],
  [23, "network error"],
]);

/** Whether it may be EDNS that the resolver does not understand, so that it is to be asked without (RFC 6891, 7). */
export function dislikesEdns({ code, hasOpt }: DnsAnswer): boolean {
  return code === BADVERS || ((code === FORMERR || code === NOTIMP) && !hasOpt);
}

/** `redact`: removes secrets. Throws a ProbeFailure when nothing in the answer can be believed. */
export function judgeDns(
  answer: DnsAnswer,
  question: Question,
  options: HealthOptions,
  redact: (text: string) => string,
): ProbeResult {
  const found = answersTo(answer.records, question);
  const failure = failureOf(answer, question) ?? nxdomainFailure(answer, question, found, options);
  if (failure !== null) throw new ProbeFailure(`dns: ${failure}`, { answered: true });
  const { ttl } = found;
  const texts = found.texts.map(redact);
  const error = errorOf(texts, answer, question, options);
  return {
    verdict: error === null ? "ok" : "fail",
    error: error === null ? null : `dns: ${error}`,
    details: {
      dnssec: answer.isValidated ? "validated" : "not told",
      ...(texts.length === 0 ? {} : { answers: shortList(texts, MAX_DETAIL_CHARS), answer_count: texts.length }),
      ...(ttl === null ? {} : { ttl }),
    },
  };
}

function failureOf(answer: DnsAnswer, question: Question): string | null {
  const { code } = answer;
  const isKnown = code === NO_ERROR || code === NO_SUCH_NAME;
  const isOther = answer.question?.name !== question.name || answer.question.type !== question.type;
  if (isOther && (isKnown || answer.question !== null)) return "the answer is to another question";
  if (!isKnown) return (CODES.get(code) ?? `the resolver fails with code ${code}`) + reasonOf(answer);
  return answer.isTruncated ? "the answer is truncated, which it must not be over a stream" : null;
}

function reasonOf({ reason }: DnsAnswer): string {
  if (reason === null) return "";
  const known = REASONS.get(reason.code) ?? `code ${reason.code}`;
  return ` (${reason.text === "" ? known : `${known}: ${reason.text}`})`;
}

/** The answers that belong to the asked name, or to the one that aliases lead to. */
interface Found {
  /** Of the asked type. */
  texts: string[];
  /** Seconds, the shortest of the records and the aliases; null: there are none. */
  ttl: number | null;
  /** The name that the last alias stands for; null: the asked name is no alias. */
  target: string | null;
}

function answersTo(records: readonly DnsRecord[], { name, type }: Question): Found {
  const byName = Map.groupBy(records, (record) => record.name);
  const used: DnsRecord[] = [];
  const seen = new Set<string>();
  let target: string | null = null;
  for (let owner = name; !seen.has(owner); owner = target ?? owner) {
    seen.add(owner);
    const own = byName.get(owner) ?? [];
    const answers = own.filter((record) => record.type === type);
    const alias = answers.length > 0 ? undefined : own.find((record) => record.type === RECORD_TYPES.CNAME);
    used.push(...answers, ...(alias === undefined ? [] : [alias]));
    target = alias?.text ?? target;
  }
  const texts = used.filter((record) => record.type === type).map(({ text }) => text ?? "");
  return { texts, ttl: used.length === 0 ? null : Math.min(...used.map((record) => record.ttl)), target };
}

/** An alias exists: the code is that of the name which the last alias stands for (RFC 6604, 3). */
function nxdomainFailure(
  answer: DnsAnswer,
  { name }: Question,
  { texts, target }: Found,
  { expect_nxdomain = false }: HealthOptions,
): string | null {
  if (answer.code !== NO_SUCH_NAME) return null;
  if (texts.length > 0) return "the answer says that the name does not exist, and has records of it";
  if (target === null) return expect_nxdomain ? null : `NXDOMAIN: there is no name ${name}${reasonOf(answer)}`;
  const words = `an alias of ${target}, which does not exist${reasonOf(answer)}`;
  return expect_nxdomain ? `${exists(name)}: it is ${words}` : `NXDOMAIN: ${name} is ${words}`;
}

function exists(name: string): string {
  return `the name ${name} exists, and it must not`;
}

function errorOf(
  found: readonly string[],
  answer: DnsAnswer,
  { name }: Question,
  options: HealthOptions,
): string | null {
  const { record_type = DEFAULT_RECORD_TYPE, expect_nxdomain, no_other_answers, dnssec } = options;
  const isMissing = answer.code === NO_SUCH_NAME;
  const wanted = (options.answers ?? []).map((text) => canonicalRecord(record_type, text) ?? text);
  const missing = wanted.filter((text) => !found.includes(text));
  const others = found.filter((text) => !wanted.includes(text));
  const [told, toldOthers] = [found, others].map((texts) => shortList(texts, MAX_DETAIL_CHARS));
  if (expect_nxdomain === true && !isMissing) return exists(name);
  if (!isMissing && found.length === 0) return `${name} has no record of the type ${record_type}`;
  if (missing.length > 0) return `${missing.join(", ")} is not among the answers (${told})`;
  if (no_other_answers === true && others.length > 0) return `other answers than expected (${toldOthers})`;
  return dnssec === true && !answer.isValidated ? "the resolver does not say that it validated the answer" : null;
}
