import { z } from "zod";
import type { ServiceType } from "../service/records.ts";
import type { FieldError } from "../values/fields.ts";
import { atOption, defineMethod, type OptionValues, option } from "./method.ts";
import { containerUse, talk, timed } from "./shared-options.ts";
import { NO_PARTS } from "./target-form.ts";

const TYPE_OF_PORT: Readonly<Record<number, ServiceType>> = {
  1433: "database",
  1521: "database",
  3306: "database",
  5432: "database",
  9042: "database",
  27017: "database",
  6379: "cache",
  11211: "cache",
  1883: "queue",
  4222: "queue",
  5672: "queue",
  9092: "queue",
  80: "web",
  443: "web",
};

const stepSchema = z.strictObject({
  expect: z.string().min(1).max(1024).optional().describe("Text that what the target says must contain"),
  send: z.string().min(1).max(1024).optional().describe("Text to send then, as it is; a line ends with \\r\\n"),
  tls: z.literal(true).optional().describe("Start TLS then"),
});
export type TcpStep = z.infer<typeof stepSchema>;

const options = {
  ...timed,
  ...containerUse,
  tls: option({
    schema: z.boolean(),
    says: "speak TLS",
    meaning: "Speak TLS.",
    example: true,
    input: "flag",
  }),
  ...talk,
  steps: option({
    schema: z.array(stepSchema).min(1).max(20),
    says: "a conversation: in each step wait for `expect`, then `send`, or start TLS",
    meaning:
      "A conversation in place of send and expect: each step waits for the text expect, then sends the text send, or starts TLS (tls).",
    example: [{ expect: "220 ", send: "EHLO hub\r\n" }, { expect: "250 ", send: "QUIT\r\n" }, { expect: "221 " }],
    input: "json",
    isCompared: ["expect"],
    refusals: stepErrors,
  }),
};

export const tcp = defineMethod({
  name: "tcp",
  checks: "A connection opens, over TLS if wanted, and what the target says is as expected.",
  runner: "hub",
  target: {
    expected: "expected host:port",
    example: "localhost:5672",
    schemes: { tcp: { tls: false, port: null }, tls: { tls: true, port: null } },
    bareScheme: "tcp",
    isEndpointOnly: true,
    parts: () => NO_PARTS,
  },
  options,
  serviceType: (target) => TYPE_OF_PORT[target?.port ?? 0] ?? "other",
  refusals: ({ health_url, health_options }) => [
    ...(health_options.tls === false && /^tls:/i.test(health_url)
      ? [atOption("tls", "false contradicts the target, which says tls://")]
      : []),
    ...conflicts(health_url, health_options),
  ],
});

/** Options that `steps` replaces or contradicts. */
function conflicts(url: string, given: OptionValues<typeof options>): FieldError[] {
  const { steps, tls } = given;
  if (steps === undefined) return [];
  const replaced = (["send", "expect"] as const).filter((name) => given[name] !== undefined);
  const begins = steps.findIndex((step) => step.tls === true);
  const isSecured = tls === true || /^tls:/i.test(url);
  return [
    ...replaced.map((name) => atOption(name, "can't be combined with steps: write it as a step")),
    ...(begins >= 0 && isSecured
      ? [atOption(`steps[${begins}].tls`, "the connection speaks TLS from its beginning")]
      : []),
  ];
}

function stepErrors(steps: readonly TcpStep[]): FieldError[] {
  const first = steps.findIndex(({ tls }) => tls === true);
  return steps.flatMap(({ expect, send, tls }, index) => {
    if (expect === undefined && send === undefined && tls === undefined) {
      return [{ path: `[${index}]`, message: "expected expect, send or tls" }];
    }
    const message = tls === undefined ? null : tlsError(expect, send, index > first);
    return message === null ? [] : [{ path: `[${index}].tls`, message }];
  });
}

function tlsError(expect: string | undefined, send: string | undefined, isSecond: boolean): string | null {
  if (isSecond) return "TLS can start once only";
  if (send !== undefined)
    return "TLS starts after the answer to what is sent: put it into the next step, with its expect";
  return expect === undefined ? "needs expect in the same step: the text with which the target agrees to TLS" : null;
}
