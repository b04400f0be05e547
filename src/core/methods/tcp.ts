import { z } from "zod";
import type { ServiceType } from "../service/records.ts";
import { atOption, defineMethod, option } from "./method.ts";
import { containerUse, timed } from "./shared-options.ts";
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

export const tcp = defineMethod({
  name: "tcp",
  checks: "A connection opens, over TLS if wanted, and answers with the expected text if there is one.",
  runner: "hub",
  target: {
    expected: "expected host:port",
    example: "localhost:5672",
    schemes: { tcp: { tls: false, port: null }, tls: { tls: true, port: null } },
    bareScheme: "tcp",
    isEndpointOnly: true,
    parts: () => NO_PARTS,
  },
  options: {
    ...timed,
    ...containerUse,
    tls: option({
      schema: z.boolean(),
      says: "speak TLS",
      meaning: "Speak TLS.",
      ...{ example: true, input: "flag" },
    }),
    send: option({
      schema: z.string().max(1024),
      says: "text sent after connecting",
      meaning: "Text that is sent after connecting.",
      ...{ example: "PING\r\n", input: "text" },
    }),
    expect: option({
      schema: z.string().min(1).max(1024),
      says: "text that the answer must contain",
      meaning: "Text that the answer must contain.",
      ...{ example: "PONG", input: "text", isCompared: true },
    }),
  },
  serviceType: (target) => TYPE_OF_PORT[target?.port ?? 0] ?? "other",
  refusals: ({ health_url, health_options: { tls } }) =>
    tls === false && /^tls:/i.test(health_url)
      ? [atOption("tls", "false contradicts the target, which says tls://")]
      : [],
});
