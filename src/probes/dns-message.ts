/**
 * Messages of DNS (RFC 1035, 4): writes a question, and reads an answer that may be anything. Every length is checked,
 * and no part of a name is read twice, so that no bytes make the reader fail or take long.
 */
import { canonicalHost } from "../core/service/address.ts";
import { RECORD_TYPES, type RecordType } from "../core/service/dns-records.ts";
import { joined, uint, vector } from "./bytes.ts";
import { Malformed, MessageReader } from "./dns-reader.ts";

export interface Question {
  /** Canonical. */
  name: string;
  type: number;
}

export interface DnsRecord extends Question {
  /** Seconds. */
  ttl: number;
  /** As canonicalRecord writes it; null: a type that no check asks for. */
  text: string | null;
}

export interface DnsAnswer {
  id: number;
  isTruncated: boolean;
  /** The resolver says that it validated the answer (AD; RFC 4035, 3.2.3). */
  isValidated: boolean;
  /** With the upper bits that the OPT record has (RFC 6891, 6.1.3). */
  code: number;
  /** Whether it has an OPT record, so that the resolver speaks EDNS. */
  hasOpt: boolean;
  /** Null: the answer repeats no question. */
  question: Question | null;
  /** Of the class IN. */
  records: DnsRecord[];
  /** The resolver's own reason for a failure (RFC 8914); null: it gives none. */
  reason: { code: number; text: string } | null;
}

export const HEADER_BYTES = 12;
const CLASS_IN = 1;
const OPT = 41;
const EXTENDED_ERROR = 15;
const RECURSION_DESIRED = 0x0100;
/** AD. In a question: the answer should say whether it is validated (RFC 6840, 5.7). */
const VALIDATED = 0x0020;
/** Signatures are understood (DO; RFC 3225). */
const UNDERSTANDS_DNSSEC = 0x8000;
/** The size that fits in a datagram nearly everywhere; the answer comes over a stream. */
const DATAGRAM_BYTES = 1_232;
const MAX_TTL_S = 2 ** 31 - 1;

/** `withEdns`: asks for DNSSEC and for reasons, too (RFC 6891). */
export function dnsQuery(id: number, { name, type }: Question, withEdns: boolean): Uint8Array<ArrayBuffer> {
  const labels = name === "." ? [] : name.split(".").map((label) => vector(1, new TextEncoder().encode(label)));
  const question = joined(...labels, [0], uint(type, 2), uint(CLASS_IN, 2));
  const options = joined([0], uint(OPT, 2), uint(DATAGRAM_BYTES, 2), uint(UNDERSTANDS_DNSSEC, 4), uint(0, 2));
  const flags = RECURSION_DESIRED | (withEdns ? VALIDATED : 0);
  const counts = [1, 0, 0, withEdns ? 1 : 0].map((count) => uint(count, 2));
  return joined(uint(id, 2), uint(flags, 2), ...counts, question, withEdns ? options : []);
}

/** Whether bytes that begin so can be the answer. `header`: HEADER_BYTES or more. */
export function beginsAnswer(header: Uint8Array): boolean {
  return ((header[2] ?? 0) & 0xf8) === 0x80; // an answer (QR) to a standard query
}

/** Returns null for bytes that are no answer of DNS. */
export function readDnsAnswer(bytes: Uint8Array): DnsAnswer | null {
  try {
    return read(new MessageReader(bytes));
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

function read(reader: MessageReader): DnsAnswer {
  const [id, flags, questions] = [reader.uint(2), reader.uint(2), reader.uint(2)];
  const [answers, authorities, more] = [reader.uint(2), reader.uint(2), reader.uint(2)];
  if ((flags & 0xf800) !== 0x8000 || questions > 1) throw new Malformed();
  const question = questions === 0 ? null : readQuestion(reader);
  const records = Array.from({ length: answers }, () => readRecord(reader));
  const others = Array.from({ length: authorities + more }, () => readRecord(reader));
  const opt = others.find(({ type }) => type === OPT);
  return {
    id,
    question,
    code: upperBits(opt?.ttl ?? 0) + (flags & 0x0f),
    hasOpt: opt !== undefined,
    isTruncated: (flags & 0x0200) !== 0,
    isValidated: (flags & VALIDATED) !== 0,
    records: records.flatMap(
      ({ name, type, inClass, ttl, text }) =>
        inClass === CLASS_IN ? [{ name, type, ttl: ttl > MAX_TTL_S ? 0 : ttl, text }] : [], // RFC 2181, 8
    ),
    reason: opt === undefined ? null : reasonIn(new MessageReader(opt.data)),
  };
}

/** Of a response code of twelve bits. `ttl`: of the OPT record, which has them in the place of a life. */
function upperBits(ttl: number): number {
  return (ttl >>> 24) << 4;
}

function readQuestion(reader: MessageReader): Question {
  const question = { name: reader.name(), type: reader.uint(2) };
  if (reader.uint(2) !== CLASS_IN) throw new Malformed();
  return question;
}

function readRecord(reader: MessageReader): DnsRecord & { inClass: number; data: Uint8Array } {
  const [name, type, inClass, ttl] = [reader.name(), reader.uint(2), reader.uint(2), reader.uint(4)];
  const length = reader.uint(2);
  const data = reader.within(length);
  const end = reader.at + length;
  const text = inClass === CLASS_IN ? (TEXTS.get(type)?.(reader, end) ?? null) : null;
  if (text !== null && reader.at !== end) throw new Malformed();
  reader.at = end;
  return { name, type, inClass, ttl, text, data };
}

type ReadText = (reader: MessageReader, end: number) => string;

const numbersAndName =
  (numbers: number): ReadText =>
  (reader) =>
    [...Array.from({ length: numbers }, () => reader.uint(2)), reader.name()].join(" ");

const TEXT_OF: Readonly<Record<RecordType, ReadText>> = {
  A: (reader) => reader.take(4).join("."),
  AAAA: (reader) => {
    const groups = Array.from({ length: 8 }, () => reader.uint(2).toString(16));
    const host = canonicalHost(`[${groups.join(":")}]`);
    return host.ok ? host.value : "";
  },
  CNAME: numbersAndName(0),
  NS: numbersAndName(0),
  PTR: numbersAndName(0),
  MX: numbersAndName(1),
  SRV: numbersAndName(3),
  SOA: (reader) => [reader.name(), reader.name(), ...Array.from({ length: 5 }, () => reader.uint(4))].join(" "),
  TXT: (reader, end) => {
    const bytes: number[] = []; // a letter may begin in one part and end in the next
    while (reader.at < end) bytes.push(...reader.take(reader.uint(1)));
    return textOf(Uint8Array.from(bytes));
  },
  CAA: (reader, end) => {
    const [flags, tag] = [reader.uint(1), textOf(reader.take(reader.uint(1)))];
    if (reader.at > end) throw new Malformed();
    return `${flags} ${tag.toLowerCase()} "${textOf(reader.take(end - reader.at))}"`;
  },
};
const TEXTS = new Map<number, ReadText>(
  Object.entries(TEXT_OF).map(([type, text]) => [RECORD_TYPES[type as RecordType], text] as const),
); // its keys

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** The options of EDNS: number, length and content of each (RFC 6891, 6.1.2). */
function reasonIn(reader: MessageReader): DnsAnswer["reason"] {
  while (reader.left > 0) {
    const option = reader.uint(2);
    const content = reader.take(reader.uint(2));
    if (option !== EXTENDED_ERROR || content.length < 2) continue;
    return { code: new MessageReader(content).uint(2), text: textOf(content.subarray(2)) };
  }
  return null;
}
