/** Why NATS does not take what the hub sends, for a person who can change it. */
export interface NatsFailure {
  /** Of the client library. */
  code: string;
  message: string;
  /** What JetStream's API said; null: it did not answer. */
  refusal: string | null;
  /** The subject that the relay did not let the hub use; null: none. */
  refused: string | null;
  /** Whether the relay's address answers HTTP; null: not asked. */
  answers: boolean | null;
}

const HELP = "npm run relay -- --help tells how to make it";
const CREDENTIALS = "NATS_TOKEN, NATS_USER with NATS_PASSWORD, or NATS_CREDS";

/** `url`: NATS_URL, without user and password. */
export function natsReason({ code, message, refusal, refused, answers }: NatsFailure, url: string): string {
  if (refusal !== null) return streamReason(refusal);
  if (/creds|nkey|seed/i.test(`${code} ${message}`)) return "NATS_CREDS is not the text of a creds file";
  if (/authori[sz]ation|authentication/i.test(`${code} ${message}`)) {
    return `the relay at ${url} refuses the hub: check ${CREDENTIALS}`;
  }
  if (refused !== null) return `the relay does not let the hub use ${refused}: check its user's permissions`;
  if (code === "503") {
    return `no JetStream answers for the stream HUB_EVENTS: the core is away, has no JetStream, or lacks the stream (${HELP})`;
  }
  if (/max_payload/i.test(code)) return "a message is larger than the relay takes: raise max_payload of relay and core";
  if (/status code 101/.test(message)) {
    return `what answers at ${url} takes no WebSockets of NATS: check NATS_URL, its port, path and whether it is ws or wss`;
  }
  if (code === "TIMEOUT") return "the relay or the core behind it did not answer in time";
  if (answers === true) return `the relay at ${url} answers, but closes the hub's connection: check ${CREDENTIALS}`;
  const certificate = url.startsWith("wss:") ? ", and its certificate valid" : "";
  return `can't reach the relay at ${url}: is it running, is NATS_URL right${certificate}?`;
}

function streamReason(refusal: string): string {
  if (/expected stream|stream not found/i.test(refusal)) {
    return `another stream than HUB_EVENTS takes the hub's subjects: make HUB_EVENTS (${HELP})`;
  }
  if (/maximum|insufficient|no space|resource|limit/i.test(refusal)) {
    return `the stream HUB_EVENTS is full: ${refusal}; raise its limits, or let it discard old messages`;
  }
  return `JetStream refuses the hub's events: ${refusal}`;
}

/** For people and logs: a URL may hold a password. */
export function withoutCredentials(url: string): string {
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  return shown.href.replace(/\/$/, "");
}
