import { z } from "zod";
import {
  canonicalName,
  canonicalRecord,
  DEFAULT_RECORD_TYPE,
  RECORD_TYPE_NAMES,
  type RecordType,
} from "../service/dns-records.ts";
import type { FieldError } from "../values/fields.ts";
import { atOption, atTarget, defineMethod, type OptionValues, option } from "./method.ts";
import { containerUse, timed } from "./shared-options.ts";
import { NO_PARTS, type Target } from "./target-form.ts";

const NO_NAME = "expected a name such as example.com";

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
  if (record_name !== undefined) return canonicalName(record_name);
  return target.tls ? null : canonicalName(target.path);
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
      const asked = canonicalName(name ?? "");
      return asked === null ? { refused: `${NO_NAME} after the resolver` } : { ...NO_PARTS, path: asked };
    },
  },
  options,
  serviceType: () => "other",
  refusals({ health_options, target }) {
    return target === null ? [] : [...nameErrors(target, health_options), ...answerErrors(health_options)];
  },
});

function nameErrors(target: Target, given: DnsOptions): FieldError[] {
  if (given.record_name === undefined) {
    if (target.tls) return [atOption("record_name", "needed for a resolver over HTTPS")];
    return target.path === "" ? [atTarget("a name is missing, such as dns://resolver/example.com")] : [];
  }
  if (!target.tls && target.path !== "") return [atOption("record_name", "the target names what is asked already")];
  return askedName(target, given) === null ? [atOption("record_name", NO_NAME)] : [];
}

function answerErrors(given: DnsOptions): FieldError[] {
  const { answers, expect_nxdomain, no_other_answers, record_type = DEFAULT_RECORD_TYPE } = given;
  if (answers === undefined) {
    return no_other_answers === true ? [atOption("no_other_answers", "other than which? needs answers")] : [];
  }
  if (expect_nxdomain === true) return [atOption("answers", "a name that must not exist has none")];
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
