import { z } from "zod";
import type { FieldError } from "../values/fields.ts";
import { jsonAnswer } from "./json-answer.ts";
import { atOption, defineMethod, type OptionValues, option } from "./method.ts";
import { headerErrors, requestHeaders } from "./request-headers.ts";
import { containerUse, talk, timed } from "./shared-options.ts";
import { NO_PARTS } from "./target-form.ts";

const OF_THE_PROBE = "can't be sent: the probe itself makes the upgrade";

const options = {
  ...timed,
  ...containerUse,
  ...requestHeaders,
  subprotocol: option({
    schema: z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/, "expected a name of at most 64 characters"),
    says: "subprotocol that the server must take",
    meaning: "Subprotocol that is asked for and must be taken.",
    example: "graphql-transport-ws",
    input: "text",
  }),
  ...talk,
  ...jsonAnswer,
};

export const websocket = defineMethod({
  name: "websocket",
  checks: "A WebSocket opens, and its first text message is as expected if one is expected.",
  runner: "hub",
  target: {
    expected: "expected a ws:// or wss:// URL",
    example: "ws://localhost:8080/live",
    schemes: {
      ws: { tls: false, port: 80 },
      wss: { tls: true, port: 443 },
      http: { tls: false, port: 80 },
      https: { tls: true, port: 443 },
    },
    userIsToken: true,
    parts: ({ user, password, path }) => ({ ...NO_PARTS, path, user: user || null, password: password || null }),
  },
  options,
  serviceType: () => "api",
  refusals: ({ health_options, agent }) => [
    ...headerErrors(health_options.headers ?? {}, agent, null),
    ...handshakeHeaders(health_options),
  ],
});

function handshakeHeaders({ headers = {} }: OptionValues<typeof options>): FieldError[] {
  const names = Object.keys(headers).filter((name) => /^sec-websocket-/i.test(name));
  return names.map((name) =>
    atOption(`headers.${name}`, /-protocol$/i.test(name) ? "use the option subprotocol" : OF_THE_PROBE),
  );
}
