/** Judges what a resolver says, by the options of the check. */
import { canonicalRecord, DEFAULT_RECORD_TYPE, RECORD_TYPES } from "../core/service/dns-records.ts";
import type { HealthOptions } from "../core/service/options.ts";
import type { DnsAnswer, DnsRecord, Question } from "./dns-message.ts";
import { MAX_DETAIL_CHARS, type ProbeResult } from "./probe.ts";
import { ProbeFailure } from "./probe-failure.ts";
import { shortList } from "./short-list.ts";

const NO_ERROR = 0;
const NO_SUCH_NAME = 3;

/** RFC 1035, 4.1.1. */
const CODES = new Map([
  [1, "FORMERR: the resolver does not understand the question"],
  [2, "SERVFAIL: the resolver could not find the answer"],
  [4, "NOTIMP: the resolver knows no such questions"],
  [5, "REFUSED: the resolver answers no such questions, or not from here"],
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

/** `redact`: removes secrets. Throws a ProbeFailure when nothing in the answer can be believed. */
export function judgeDns(
  answer: DnsAnswer,
  question: Question,
  options: HealthOptions,
  redact: (text: string) => string,
): ProbeResult {
  const failure = failureOf(answer, question, options.expect_nxdomain === true);
  if (failure !== null) throw new ProbeFailure(`dns: ${failure}`, { answered: true });
  const { found, ttl } = answersTo(answer.records, question);
  const texts = found.map(redact);
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

function failureOf(answer: DnsAnswer, question: Question, isToBeMissing: boolean): string | null {
  const { code } = answer;
  const isKnown = code === NO_ERROR || code === NO_SUCH_NAME;
  const isOther = answer.question?.name !== question.name || answer.question.type !== question.type;
  if (isOther && (isKnown || answer.question !== null)) return "the answer is to another question";
  if (!isKnown) return (CODES.get(code) ?? `the resolver fails with code ${code}`) + reasonOf(answer);
  if (answer.isTruncated) return "the answer is truncated, which it must not be over a stream";
  if (code === NO_SUCH_NAME && !isToBeMissing) return `NXDOMAIN: there is no name ${question.name}${reasonOf(answer)}`;
  return null;
}

function reasonOf({ reason }: DnsAnswer): string {
  if (reason === null) return "";
  const known = REASONS.get(reason.code) ?? `code ${reason.code}`;
  return ` (${reason.text === "" ? known : `${known}: ${reason.text}`})`;
}

/** The records of the asked type that belong to the name, or to the one that aliases lead to, and their shortest life. */
function answersTo(records: readonly DnsRecord[], { name, type }: Question): { found: string[]; ttl: number | null } {
  const byName = Map.groupBy(records, (record) => record.name);
  const used: DnsRecord[] = [];
  const seen = new Set<string>();
  for (let owner = name; !seen.has(owner); ) {
    seen.add(owner);
    const own = byName.get(owner) ?? [];
    const answers = own.filter((record) => record.type === type);
    const alias = answers.length > 0 ? undefined : own.find((record) => record.type === RECORD_TYPES.CNAME);
    used.push(...answers, ...(alias === undefined ? [] : [alias]));
    owner = alias?.text ?? owner;
  }
  const found = used.filter((record) => record.type === type).map(({ text }) => text ?? "");
  return { found, ttl: used.length === 0 ? null : Math.min(...used.map((record) => record.ttl)) };
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
  if (expect_nxdomain === true && !isMissing) return `the name ${name} exists, and it must not`;
  if (!isMissing && found.length === 0) return `${name} has no record of the type ${record_type}`;
  if (missing.length > 0) return `${missing.join(", ")} is not among the answers (${told})`;
  if (no_other_answers === true && others.length > 0) return `other answers than expected (${toldOthers})`;
  return dnssec === true && !answer.isValidated ? "the resolver does not say that it validated the answer" : null;
}
