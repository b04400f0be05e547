/** What the tests in workerd are told about the real servers: ports of the loopback and how to log in. */

import type { CorpusCase } from "./corpus-case.ts";

/** The TCP ports that behave badly; test/servers/faulty.ts says how. */
export type FaultyName =
  | "silent"
  | "no_handshake"
  | "drip"
  | "garbage"
  | "closing"
  | "resetting"
  | "half_open"
  | "greeting"
  | "flood";

export interface TestServers {
  redis: {
    open: number;
    /** Needs REDIS_PASSWORD; its user `pinger` (same password) may only PING. */
    locked: number;
    tls: number;
    /** A replica whose master is away. */
    orphan: number;
  };
  postgres: {
    /**
     * TLS on. Users: `open` (no password), `scram`, `md5`, `clear`, `tls_only` (no entry without TLS). They all may
     * write: to the table `written`, which is empty, by the function `write()`, and to the sequence `tickets`.
     */
    accepting: number;
    /** Is starting up; TLS off. */
    rejecting: number;
    /** A hot standby of an empty cluster; TLS off. User: `postgres`, who may do everything. */
    standby: number;
    /** TLS on, with a certificate that signs itself. Users: `open`. */
    untrusted: number;
  };
  /** `http` knows two names: shop.example.com and any other. */
  nginx: { http: number; trusted: number; misnamed: number; self_signed: number };
  /** Mail servers with STARTTLS, as test/servers/nginx.ts describes them. */
  mail: { smtp: number; imap: number; untrusted: number };
  /** Paths of test/servers/websocket.ts; `tls` has a trusted certificate. */
  websocket: { plain: number; tls: number };
  faulty: Record<FaultyName | "http", number>;
  relays: TestRelays;
  /** The same for the one test file that counts what is open. */
  counted: Record<FaultyName | "http", number>;
  corpus: CorpusCase[];
  /**
   * `authority` has the zones of test/servers/dns.ts, `resolver` asks it and validates, `https` passes questions on to it,
   * and `liar` lies as the first label of the question says.
   */
  dns: { authority: number; resolver: number; https: number; liar: number };
  /** Attempts to connect are never answered. */
  black_hole: number;
  /** Nothing listens there. */
  nothing: number;
}

/** URLs of relays; where there is a user `hub`, its password is TEST_PASSWORD. */
export interface TestRelays {
  /** With the stream HUB_EVENTS. Its user `mute` may not publish, `picky` not the health of services named `refused`. */
  working: string;
  /** Its stream takes no registrations, and its largest message has 8 KiB. */
  narrow: string;
  /** Its stream takes one message. */
  full: string;
  /** The token is TEST_PASSWORD; there is no JetStream. */
  token: string;
  /** Wants `creds_file`; there is no JetStream. */
  creds: string;
  creds_file: string;
  /** `wss:`, as `working`; its certificate is trusted. */
  tls: string;
  /** `wss:`, with a certificate that signs itself. */
  untrusted: string;
  /** Where the relay `working` takes ordinary clients, which is no WebSocket. */
  plain_port: number;
}

export interface RunningServers {
  servers: TestServers;
  /** PEM file of the authority that signed their trusted certificates. */
  caFile: string;
}

/** Of every test server that wants one. */
export const TEST_PASSWORD = "open sesame: 100%/@?&";

/** Passwords on which SASLprep (RFC 4013) differs from simpler ways to normalise, by their PostgreSQL role. */
export const ODD_PASSWORDS = {
  soft_hyphen: "soft\u00adhyphen",
  joiner: "zero\u200dwidth joiner",
  wide_space: "ideographic\u3000space",
  roman: "\u2168 is nine",
  /** Forbidden characters: the password is used as it is. */
  private_use: "private\ue000use \u2168",
  two_ways: "\u0627 and a",
  unassigned: "emoji \u{1f9ea} \u00ad",
  nothing_left: "\u00ad",
} as const;

declare module "vitest" {
  interface ProvidedContext {
    servers: TestServers;
  }
}
