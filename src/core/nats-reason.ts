/** Why NATS does not take what the hub sends, for a person who can change it. */
export interface NatsFailure {
  /** Of the client library, or of JetStream's API. */
  code: string;
  message: string;
  /** The subject that the relay did not let the hub use; null: none. */
  refused: string | null;
}

const CREDENTIALS = "NATS_TOKEN, NATS_USER with NATS_PASSWORD, or NATS_CREDS";

/** `url`: NATS_URL, without user and password. */
export function natsReason({ code, message, refused }: NatsFailure, url: string): string {
  if (/authori[sz]ation|authentication|auth.*expired/i.test(`${code} ${message}`)) {
    return `the relay at ${url} refuses the hub: check ${CREDENTIALS}`;
  }
  if (/creds|nkey|seed|jwt/i.test(`${code} ${message}`)) return `NATS_CREDS is not the text of a creds file`;
  if (refused !== null) return `the relay does not let the hub use ${refused}: check its user's permissions`;
  if (code === "503") {
    return "no JetStream answers for the stream HUB_EVENTS: the core is away, has no JetStream, or lacks the stream (npm run relay -- --help tells how to make it)";
  }
  if (/expected stream|stream not found/i.test(message)) {
    return "another stream than HUB_EVENTS takes the hub's subjects: make HUB_EVENTS (npm run relay -- --help)";
  }
  if (/maximum|insufficient|no space|resource limits|limit exceeded/i.test(message)) {
    return `the stream HUB_EVENTS is full: ${message}; raise its limits, or let it discard old messages`;
  }
  if (/max_payload/i.test(code)) return "a message is larger than the relay takes: raise max_payload of relay and core";
  if (code === "TIMEOUT") return "the relay or the core behind it did not answer in time";
  return `can't reach the relay at ${url}: is it running, and is NATS_URL right?`;
}

/** For people and logs: a URL may hold a password. */
export function withoutCredentials(url: string): string {
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  return shown.href.replace(/\/$/, "");
}
