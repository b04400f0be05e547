import { z } from "zod";
import {
  canonicalName,
  canonicalRecord,
  DEFAULT_RECORD_TYPE,
  RECORD_TYPE_NAMES,
  type RecordType,
} from "../service/dns-records.ts";
import type { FieldError } from "../values/fields.ts";
import type { Result } from "../values/result.ts";
import { atOption, atTarget, defineMethod, type OptionValues, option } from "./method.ts";
import { containerUse, timed } from "./shared-options.ts";
import { NO_PARTS, type Target } from "./target-form.ts";

const NO_NAME = "expected a name such as example.com";
const NO_SLASH = "a name has no slash: the type of the records is the option record_type";
const NO_ADDRESS =
  "to ask for an address's name use its reverse name, such as 1.2.0.192.in-addr.arpa with record_type PTR";
/** RFC 7858, 3.1. */
const PORT_OF_DNS_OVER_TLS = 853;
const NO_DNS_OVER_TLS =
  "DNS over TLS (port 853) is not supported: use https:// (DNS over HTTPS), or port 53 of the resolver";
/** A name has one record of such a type at most (RFC 1034, 3.6.2; RFC 1035, 5.2). */
const LONE_TYPES: readonly RecordType[] = ["CNAME", "SOA"];

const options = {
  ...timed,
  ...containerUse,
  record_name: option({
    schema: z.string().min(1).max(253),
    says: "name that is asked, where the target is https:// and has no room for it",
    meaning: "Name to ask, for a resolver over HTTPS.",
    example: "example.com",
    input: "text",
  }),
  record_type: option({
    schema: z.enum(RECORD_TYPE_NAMES),
    says: `type of the records; default ${DEFAULT_RECORD_TYPE}`,
    meaning: `Type of the records. Without it: ${DEFAULT_RECORD_TYPE}.`,
    example: "MX",
    input: RECORD_TYPE_NAMES,
  }),
  answers: option({
    schema: z.array(z.string().min(1).max(1024)).min(1).max(20),
    says: "records that must be among the answers",
    meaning: "Records that must be among the answers.",
    example: ["192.0.2.1"],
    input: "json",
    isCompared: true,
  }),
  no_other_answers: option({
    schema: z.boolean(),
    says: "whether any other record than those of `answers` fails the check",
    meaning: "Whether other answers fail the check. Without it: no.",
    example: true,
    input: "flag",
  }),
  expect_nxdomain: option({
    schema: z.boolean(),
    says: "the name must not exist",
    meaning: "The check passes when the name does not exist (NXDOMAIN).",
    example: true,
    input: "flag",
  }),
  dnssec: option({
    schema: z.boolean(),
    says: "the resolver must say that it validated the answer",
    meaning: "The resolver must say that it validated the answer (DNSSEC).",
    example: true,
    input: "flag",
  }),
};

type DnsOptions = OptionValues<typeof options>;

/** Returns the canonical name that is asked; null: the check names none, or none that can be asked. */
export function askedName(target: Pick<Target, "path" | "tls">, { record_name }: DnsOptions): string | null {
  if (record_name === undefined && target.tls) return null;
  const name = askable(record_name ?? target.path);
  return name.ok ? name.value : null;
}

/** The canonical name, or why nobody means to ask it. Answers may have names with a slash (RFC 2317). */
function askable(text: string): Result<string, string> {
  const name = canonicalName(text);
  const isAddress = [name ?? "", text.replace(/^\[(.*)\]$/, "$1")].some((each) => isAddressText(each));
  if (isAddress) return { ok: false, error: NO_ADDRESS };
  if (text.includes("/")) return { ok: false, error: NO_SLASH };
  return name === null ? { ok: false, error: NO_NAME } : { ok: true, value: name };
}

function isAddressText(text: string): boolean {
  return (["A", "AAAA"] as const).some((type) => canonicalRecord(type, text) !== null);
}

export const dns = defineMethod({
  name: "dns",
  checks: "A resolver answers a question with a record of the type, and with the expected ones if there are any.",
  runner: "hub",
  target: {
    expected: "expected dns://resolver/name or the https:// URL of a resolver",
    example: "dns://9.9.9.9/example.com",
    schemes: { dns: { tls: false, port: 53 }, https: { tls: true, port: 443 } },
    parts({ scheme, user, password, name, path }) {
      if (user !== "" || password !== "") return { refused: "a resolver takes no login" };
      if (scheme === "https") return { ...NO_PARTS, path };
      if (path.includes("?")) return { refused: "a question has no parameters: use the option record_type" };
      if (path === "/") return NO_PARTS;
      const asked = askable(name ?? "");
      return asked.ok ? { ...NO_PARTS, path: asked.value } : { refused: asked.error };
    },
  },
  options,
  serviceType: () => "other",
  refusals({ health_options, target }) {
    if (target === null) return [];
    return [...portErrors(target), ...nameErrors(target, health_options), ...answerErrors(health_options)];
  },
});

function portErrors({ tls, port }: Target): FieldError[] {
  return !tls && port === PORT_OF_DNS_OVER_TLS ? [atTarget(NO_DNS_OVER_TLS)] : [];
}

function nameErrors(target: Target, given: DnsOptions): FieldError[] {
  if (given.record_name === undefined) {
    if (target.tls) return [atOption("record_name", "needed for a resolver over HTTPS")];
    return target.path === "" ? [atTarget("a name is missing, such as dns://resolver/example.com")] : [];
  }
  if (!target.tls && target.path !== "") return [atOption("record_name", "the target names what is asked already")];
  const asked = askable(given.record_name);
  return asked.ok ? [] : [atOption("record_name", asked.error)];
}

function answerErrors(given: DnsOptions): FieldError[] {
  const { answers, expect_nxdomain, no_other_answers, record_type = DEFAULT_RECORD_TYPE } = given;
  if (answers === undefined) {
    return no_other_answers === true ? [atOption("no_other_answers", "other than which? needs answers")] : [];
  }
  if (expect_nxdomain === true) return [atOption("answers", "a name that must not exist has none")];
  if (answers.length > 1 && LONE_TYPES.includes(record_type)) {
    return [atOption("answers", `a name has one record of the type ${record_type} at most`)];
  }
  return answers.flatMap((text, index) =>
    canonicalRecord(record_type, text) === null ? [atOption(`answers[${index}]`, expectedRecord(record_type))] : [],
  );
}

const EXAMPLES: Readonly<Record<RecordType, string>> = {
  A: "192.0.2.1",
  AAAA: "2001:db8::1",
  CNAME: "www.example.com",
  MX: "10 mail.example.com",
  NS: "ns1.example.com",
  TXT: "v=spf1 -all",
  SRV: "10 5 5060 sip.example.com",
  CAA: '0 issue "ca.example"',
  SOA: "ns1.example.com admin.example.com 1 7200 3600 1209600 300",
  PTR: "host.example.com",
};

function expectedRecord(type: RecordType): string {
  return `expected a record of the type ${type}, such as ${EXAMPLES[type]}`;
}
