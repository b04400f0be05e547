/** The causes of a failed connection, and their words for people. Each cause has words of its own. */
import type { Progress } from "./probe-failure.ts";
import { ProbeFailure, type Unclear } from "./probe-failure.ts";

export const CAUSES = {
  unknownHost: "connect: unknown host",
  noLookUp: "connect: the host's name can't be looked up, because DNS does not answer",
  refused: "connect: refused",
  noRoute: "connect: no route to the host",
  noAnswer: "connect: no answer in time",
  /** The runtime does not tell which of the two. */
  notConnected: "connect: refused or no route to the host",
  /** The runtime tells nothing, and nothing could be found out. */
  failed: "connect: refused, no route or unknown host",
  reset: "connect: reset by the other side",
  closed: "connect: closed without an answer",
  cut: "connect: closed in the middle of the answer",
  lost: "connect: the connection was lost before an answer came",
  noTls: "tls: no TLS on this port",
  closedInHandshake: "tls: the connection was closed during the handshake",
  silentInHandshake: "tls: the port does not answer the handshake; it may speak no TLS",
  wantsCertificate: "tls: the server wants a certificate of the client, and probes have none",
  oldTls: "tls: the server speaks only TLS 1.0 or 1.1, which is too old",
  oldCipher: "tls: the server offers only kinds of encryption that are too old for this hub",
  /** Neither runtime nor certificate say what is wrong. */
  tls: "tls: the certificate is not trusted or the handshake failed",
  platformAddress:
    "can't be checked from here: the address belongs to Cloudflare, and raw connections from there never reach it; use an http check or an agent",
} as const;

/** The machine or the platform of the check failed. Nothing is known of the target then. */
const OWN_TROUBLES: readonly [pattern: RegExp, words: string][] = [
  [/EMFILE|ENFILE|too many open files/i, "it has too many open files"],
  [/EADDRINUSE|EADDRNOTAVAIL/, "it has no free port or address to connect from"],
  [/ENOBUFS|ENOMEM|out of memory|memory limit/i, "it is out of memory"],
  [/EPERM|EACCES/, "it may not open this connection (a firewall of its own, or its sandbox)"],
  [/too many (?:subrequests|concurrent)|subrequest limit/i, "too many requests of one invocation"],
  [/on behalf of a different|code had hung|CPU (?:time )?limit|exceeded (?:its )?CPU/i, "the runtime stopped it"],
];
/** JavaScript throws these at mistakes in a program. A network fails with a plain Error. */
const MISTAKES = [TypeError, RangeError, ReferenceError, SyntaxError];

/** Cloudflare says so of addresses of its own network. Of ports 80 and 443 it says more, whatever the cause is. */
const LOOP = /TCP Loop detected/i;
const HINT = /\.? It looks like you might be trying to connect to a HTTP-based service.*$/i;

type Known = { words: string; unclear?: Unclear };

/** Texts of the runtimes, workerd and Node, from the clear ones to those that may mean anything. */
const MEANINGS: readonly [pattern: RegExp, meaning: Known][] = [
  [/CERTIFICATE_REQUIRED/, { words: CAUSES.wantsCertificate }],
  [/EAI_AGAIN|ESERVFAIL|EREFUSED\b/i, { words: CAUSES.noLookUp }],
  [/ENOTFOUND|ENODATA|name or service not known/i, { words: CAUSES.unknownHost }],
  [/connection refused|ECONNREFUSED/i, { words: CAUSES.refused }],
  [/EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN/i, { words: CAUSES.noRoute }],
  [/ETIMEDOUT|timed out/i, { words: CAUSES.noAnswer }],
  [/ECONNRESET|reset by peer|network connection lost/i, { words: CAUSES.reset, unclear: "protocol" }],
  [/EPIPE|connection was closed|ended by the other party/i, { words: CAUSES.closed, unclear: "protocol" }],
  [/cannot connect|internal error|connection failed/i, { words: CAUSES.failed, unclear: "connection" }],
  [/disconnected|connection lost|stream was cancel|closed/i, { words: CAUSES.closed, unclear: "protocol" }],
];

/**
 * Returns the failure that the error stands for. What the runtime does not tell is left unclear, and explain.ts finds it
 * out. References of the runtime are for its makers and are never shown.
 */
export function failureFromError(
  error: unknown,
  { handshaking, answered }: Pick<Progress, "handshaking" | "answered">,
): ProbeFailure {
  const { code, message } = signsOf(error);
  // A code is the machine's own word. Beside it, a text may name what a target says: a host, names of a certificate.
  const sign = code ?? message;
  const text = code === null ? message : `${code} ${message}`;
  if (LOOP.test(sign)) return new ProbeFailure(CAUSES.platformAddress, { verdict: "unprobeable" });
  const own = OWN_TROUBLES.find(([pattern]) => pattern.test(sign))?.[1];
  if (own !== undefined) return ownFailure(own);
  const known = MEANINGS.find(([pattern]) => pattern.test(sign))?.[1];
  const isOfTls = known === undefined ? /certificate|TLS|SSL|handshake|_CERT/i.test(text) : known.unclear !== undefined;
  if (handshaking && isOfTls) return new ProbeFailure(CAUSES.tls, { unclear: "tls" });
  if (known === undefined) {
    const words = text.replace(/;? ?reference = \S+/, "");
    return isMistake(error)
      ? ownFailure(`a mistake in this program: ${words}`)
      : new ProbeFailure(`failed: ${words}`, { answered });
  }
  if (answered && known.unclear === "protocol") return new ProbeFailure(CAUSES.cut, { answered });
  return new ProbeFailure(known.words, {
    answered,
    ...(known.unclear === undefined ? {} : { unclear: known.unclear }),
  });
}

function ownFailure(why: string): ProbeFailure {
  return new ProbeFailure(`the check itself failed: ${why}`, { verdict: "inconclusive" });
}

function isMistake(error: unknown): boolean {
  return MISTAKES.some((mistake) => error instanceof mistake);
}

/** `code`: of Node; null: it has none. Of several addresses, the last one that was tried counts. */
function signsOf(error: unknown): { code: string | null; message: string } {
  if (error instanceof AggregateError) return signsOf(error.errors.at(-1));
  if (!(error instanceof Error)) return { code: null, message: String(error) };
  const code = "code" in error && typeof error.code === "string" ? error.code : null;
  return { code, message: error.message.replace(HINT, "") };
}
