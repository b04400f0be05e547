/** Names and records of DNS in the one spelling that checks and answers are compared in. */
import { canonicalHost, isAddress } from "./address.ts";

/** The types that a check may ask for, with their numbers (RFC 1035, 3596, 2782, 8659). */
export const RECORD_TYPES = {
  A: 1,
  AAAA: 28,
  CNAME: 5,
  MX: 15,
  NS: 2,
  TXT: 16,
  SRV: 33,
  CAA: 257,
  SOA: 6,
  PTR: 12,
} as const;
export type RecordType = keyof typeof RECORD_TYPES;
export const RECORD_TYPE_NAMES = Object.keys(RECORD_TYPES) as [RecordType, ...RecordType[]]; // the keys of the object above

export const DEFAULT_RECORD_TYPE: RecordType = "A";

/** On the wire a name has a byte more than dots and letters at each end (RFC 1035, 3.1). */
const MAX_NAME_CHARS = 253;
/** The slash is of RFC 2317, the asterisk of wildcards. */
const LABEL = /^[a-z0-9_*/-]{1,63}$/;

/**
 * Returns the name in lower case and in ASCII (IDNA), without the dot at its end; the root is `.`. Returns null when no
 * such name can be asked.
 */
export function canonicalName(text: string): string | null {
  if (text === ".") return text;
  const isAscii = /^[\x21-\x7e]*$/.test(text);
  const host = isAscii ? null : canonicalHost(text);
  const name = host === null ? text.toLowerCase().replace(/\.$/, "") : host.ok ? host.value : "";
  return name.length <= MAX_NAME_CHARS && name.split(".").every((label) => LABEL.test(label)) ? name : null;
}

/** The parts of a record's text: names, and numbers of at most so many bits. */
const FIELDS: Readonly<Partial<Record<RecordType, readonly ("name" | 16 | 32)[]>>> = {
  CNAME: ["name"],
  NS: ["name"],
  PTR: ["name"],
  MX: [16, "name"],
  SRV: [16, 16, 16, "name"],
  SOA: ["name", "name", 32, 32, 32, 32, 32],
};

/** Returns the text of a record as answers are written; null: no record of the type has this text. */
export function canonicalRecord(type: RecordType, text: string): string | null {
  switch (type) {
    case "A":
      return addressIn(text) === text && !text.includes(":") ? text : null;
    case "AAAA":
      return addressIn(`[${text}]`);
    case "TXT":
      return text;
    case "CAA":
      return canonicalCaa(text);
    default:
      return canonicalFields(FIELDS[type] ?? [], text);
  }
}

function addressIn(text: string): string | null {
  const host = canonicalHost(text);
  return host.ok && isAddress(host.value) ? host.value : null;
}

/** `0 issue "ca.example"`; the quotes may be absent. */
function canonicalCaa(text: string): string | null {
  const [, flags, tag = "", quoted, plain = ""] = /^(\d{1,3}) ([a-z0-9]+) (?:"(.*)"|(.*))$/is.exec(text) ?? [];
  return flags === undefined || Number(flags) > 255
    ? null
    : `${Number(flags)} ${tag.toLowerCase()} "${quoted ?? plain}"`;
}

function canonicalFields(fields: readonly ("name" | 16 | 32)[], text: string): string | null {
  const words = text.trim().split(/ +/);
  if (words.length !== fields.length) return null;
  const canonical = fields.map((field, index) => {
    const word = words[index] ?? "";
    if (field === "name") return canonicalName(word);
    return /^\d{1,10}$/.test(word) && Number(word) < 2 ** field ? String(Number(word)) : null;
  });
  return canonical.includes(null) ? null : canonical.join(" ");
}
