/** Translates errors of the runtimes, Workers and Node, into error texts for people. */
import { ProbeFailure } from "./probe.ts";

const TLS_WORDS = "tls: the certificate is not trusted or the handshake failed";
const WORDS: readonly [pattern: RegExp, words: string][] = [
  [/certificate|TLS|SSL|handshake/i, TLS_WORDS],
  [/connection refused|ECONNREFUSED/i, "connect: refused"],
  [/DNS|lookup|resolve|getaddrinfo|name or service|ENOTFOUND/i, "connect: unknown host"],
  [
    /reset by peer|ECONNRESET|EPIPE|connection lost|disconnected|closed|network connection/i,
    "connect: the connection was closed",
  ],
  [/EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL/i, "connect: no route to the host"],
  [/cannot connect|connect/i, "connect: refused or unknown host"],
];

/** Whether TLS failed, be it for its certificate or another reason. */
export function isTlsFailure(error: unknown): boolean {
  return failureFromError(error, true).message === TLS_WORDS;
}

/** Cloudflare reports this for addresses of its own network, which raw sockets can never reach. */
const NOT_FROM_HERE = /consider using fetch|TCP Loop detected/i;

/**
 * Returns the failure that describes the error. `secure`: the probe used TLS. The local runtime reports an untrusted
 * certificate as an internal error.
 */
export function failureFromError(error: unknown, secure = false): ProbeFailure {
  const text = error instanceof Error ? error.message : String(error);
  if (secure && text.includes("internal error")) return new ProbeFailure(TLS_WORDS);
  if (NOT_FROM_HERE.test(text)) {
    return new ProbeFailure("can't be checked from here: the address is behind the hub's own network", {
      verdict: "unprobeable",
    });
  }
  const known = WORDS.find(([pattern]) => pattern.test(text));
  return new ProbeFailure(known === undefined ? `failed: ${text}` : known[1]);
}
