/** The types of a probe: its input, its result and its failure. */

import type { HealthMethod } from "../core/methods/index.ts";
import type { Target } from "../core/methods/target-form.ts";
import type { Check } from "../core/service/check.ts";
import type { ObservationDetails, Verdict } from "../core/service/records.ts";
import type { MayReceive } from "../core/service/secrets.ts";
import type { Standstills } from "./lateness.ts";
import type { Progress } from "./probe-failure.ts";
import type { Md5 } from "./scram.ts";
import type { Secrets } from "./secrets.ts";
import type { Seat } from "./slots.ts";

export interface ProbeContext {
  /** `home` or a location hint. */
  vantage: string;
  hubId: string;
  /** Without it, `connect` and `fetch` reach public addresses only, whatever a name stands for. */
  allowPrivateTargets: boolean;
  mayReceive: MayReceive;
  /** Finds out more after a failure; absent: nothing can be found out. */
  looks?: Looks;
  /** Returns the value of a secret; undefined when it is not set. `name` is the full name, such as PROBE_SECRET_X. */
  secret(name: string): string | undefined;
  connect(address: string, options: ProbeSocketOptions): ProbeSocket;
  /** The platform's; null: http goes over sockets. */
  fetch: typeof fetch | null;
  /** Whether `fetch` takes IP addresses; on Cloudflare it refuses them. */
  fetchesAddresses: boolean;
  /** Whether TLS can do without checking the certificate. */
  canSkipVerification: boolean;
  md5: Md5;
  /** Unix ms. */
  now(): number;
  /** Notices when this program stands still; absent: nobody does. */
  lateness?: Standstills;
  /** The probes of methods that only this place runs; absent: there are none. */
  ownProbes?: Readonly<Partial<Record<HealthMethod, { run: Protocol }>>>;
}

/** Ways to find out why a connection failed. None of them throws. */
export interface Looks {
  /** Returns the addresses of a name, none when DNS has none; null: the look-up itself failed. */
  addressesOf(host: string): Promise<string[] | null>;
  /** Opens and closes a connection; returns the system's error code, or an empty text. null: it can't tell. */
  connectCode(address: string): Promise<string | null>;
  /** Whether raw connections from this platform never reach the address. */
  isPlatformAddress(address: string): boolean;
  memory: LookMemory;
}

/** Answers are good for a minute. They are kept as values, because a promise belongs to one invocation. */
export interface LookMemory {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
}

export interface ProbeSocketOptions {
  /** `starttls`: TLS may start later. */
  secureTransport: "off" | "starttls";
  allowHalfOpen: boolean;
  /** Only where `canSkipVerification`; Workers always check everything. */
  certificate?: CertificateCheck;
  /** The name, or address, that TLS asks for; absent: the host's. Only where `canSkipVerification`. */
  serverName?: string;
}

/** The strictness of TLS with a certificate: its chain and its name, its chain only, or nothing. */
export type CertificateCheck = "full" | "chain" | "none";

/** A socket as the probes use it, in Workers and in Node. */
export interface ProbeSocket {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly opened: Promise<unknown>;
  readonly closed: Promise<void>;
  close(): Promise<void>;
  startTls(): ProbeSocket;
  /** Of a TLS connection that has opened. Absent: the platform does not tell. */
  peer?(): TlsPeer;
}

/** The other side of a TLS connection. */
export interface TlsPeer {
  /** DER, as the server sent them, its own first. */
  chain: Uint8Array[];
  /** OpenSSL's code for why the chain is not trusted; null: it is. The name is not looked at. */
  distrust: string | null;
  /** As OpenSSL calls it, such as `TLSv1.3`. */
  protocol: string;
}

/**
 * One run of a probe. The secrets in the check and in the target are replaced by their values, but for what the answer is
 * compared with: that keeps their names, as the answer does once `secrets` has removed them from it.
 */
export interface ProbeJob {
  check: Check;
  secrets: Pick<Secrets, "isEmpty" | "endWithLines" | "redact" | "redactJson" | "redactSoFar" | "redactBeginning">;
  /** http: names of the headers that contain secrets. */
  secretHeaders: readonly string[];
  /** http: whether the body contains a secret. */
  secretBody: boolean;
  target: Target;
  context: ProbeContext;
  /** Hears of each connection when it is free. */
  seat: Pick<Seat, "until">;
  /** Aborted when the timeout has passed or the probe has ended. The probe then closes what it opened. */
  signal: AbortSignal;
  progress: Progress;
}

/** Details are shortened after secrets are removed, because a part of a secret would not be recognised. */
export const MAX_DETAIL_CHARS = 64;

export interface ProbeResult {
  verdict: Extract<Verdict, "ok" | "warn" | "fail">;
  /** Null: nothing is wrong. */
  error: string | null;
  details: ObservationDetails;
  /** When the verdict was certain, Unix ms; absent: at the end of the probe. */
  certainAt?: number;
}

/** The function of one protocol, each in its own file. Returns a result or throws a ProbeFailure. */
export type Protocol = (job: ProbeJob) => Promise<ProbeResult>;

export const PASSED: ProbeResult = { verdict: "ok", error: null, details: {} };
