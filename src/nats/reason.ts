/** Explains why NATS does not accept the hub's messages, for a person who can repair it. */
export interface NatsFailure {
  /** Error code of the client library nats.ws; empty: none. */
  code: string;
  message: string;
  /** The error of JetStream's API; null: it did not answer. */
  jetstreamError: string | null;
  /** The subject that the relay did not let the hub use; null: none. */
  refusedSubject: string | null;
  /** Whether the relay's address answers HTTP; null: not tried. */
  answersHttp: boolean | null;
}

const HELP = "npm run relay -- --help tells how to make it";
const CREDENTIALS = "NATS_TOKEN, NATS_USER with NATS_PASSWORD, or NATS_CREDS";

/** `url`: NATS_URL, without user and password. */
export function natsReason(
  { code, message, jetstreamError, refusedSubject, answersHttp }: NatsFailure,
  url: string,
): string {
  if (jetstreamError !== null) return streamReason(jetstreamError);
  if (/creds|nkey|seed/i.test(`${code} ${message}`)) return "NATS_CREDS is not the text of a creds file";
  if (/authori[sz]ation|authentication/i.test(`${code} ${message}`)) {
    return `the relay at ${url} refuses the hub: check ${CREDENTIALS}`;
  }
  if (refusedSubject !== null)
    return `the relay does not let the hub use ${refusedSubject}: check its user's permissions`;
  if (code === "503") {
    return `no JetStream answers for the stream HUB_EVENTS: the core is away, has no JetStream, or lacks the stream (${HELP})`;
  }
  if (/max_payload/i.test(code)) return "a message is larger than the relay takes: raise max_payload of relay and core";
  if (/status code 101/.test(message)) {
    return `what answers at ${url} takes no WebSockets of NATS: check NATS_URL, its port, path and whether it is ws or wss`;
  }
  if (code === "TIMEOUT") return "the relay or the core behind it did not answer in time";
  if (answersHttp === true) return `the relay at ${url} answers, but closes the hub's connection: check ${CREDENTIALS}`;
  const certificate = url.startsWith("wss:") ? ", and its certificate valid" : "";
  return `can't reach the relay at ${url}: is it running, is NATS_URL right${certificate}?`;
}

/** Why NATS does not accept one subject although it accepts others. `url`: NATS_URL, without user and password. */
export function refusalReason(failure: NatsFailure, url: string): string {
  if (failure.jetstreamError === null && failure.refusedSubject === null) {
    if (failure.code === "503") return `no stream takes this subject: HUB_EVENTS lacks it (${HELP})`;
    if (failure.code === "TIMEOUT")
      return "nothing acknowledges this subject: does HUB_EVENTS have it, and may the relay use it on the core?";
  }
  return natsReason(failure, url);
}

function streamReason(error: string): string {
  if (/expected stream|stream not found/i.test(error)) {
    return `another stream than HUB_EVENTS takes the hub's subjects: make HUB_EVENTS (${HELP})`;
  }
  if (/maximum|insufficient|no space|resource|limit/i.test(error)) {
    return `the stream HUB_EVENTS is full: ${error}; raise its limits, or let it discard old messages`;
  }
  return `JetStream refuses the hub's events: ${error}`;
}

/** The URL as people and logs may see it: without user and password. */
export function withoutCredentials(url: string): string {
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  return shown.href.replace(/\/$/, "");
}
