/** The types of a probe: its input, its result and its failure. */

import type { Check } from "../core/check.ts";
import type { ObservationDetails, Verdict } from "../core/records.ts";
import type { MayReceive } from "../core/secrets.ts";
import type { Target } from "../core/target.ts";
import type { Md5 } from "./scram.ts";
import type { Seat } from "./slots.ts";

export interface ProbeContext {
  /** `home` or a location hint. */
  vantage: string;
  hubId: string;
  allowPrivateTargets: boolean;
  mayReceive: MayReceive;
  /** Looks up a name, so that one of a private address is refused; null: all addresses are allowed, or none is private. */
  resolve: ((host: string) => Promise<string[]>) | null;
  /** Returns the value of a secret; undefined when it is not set. `name` is the full name, such as PROBE_SECRET_X. */
  secret(name: string): string | undefined;
  connect(address: string, options: ProbeSocketOptions): ProbeSocket;
  fetch: typeof fetch;
  /** Whether `fetch` takes IP addresses; on Cloudflare it refuses them. */
  fetchesAddresses: boolean;
  /** Whether TLS can do without checking the certificate. */
  canSkipVerification: boolean;
  md5: Md5;
  /** Unix ms. */
  now(): number;
}

export interface ProbeSocketOptions {
  /** `starttls`: TLS may start later. */
  secureTransport: "off" | "starttls";
  allowHalfOpen: boolean;
  /** Only where `canSkipVerification`; Workers always check everything. */
  certificate?: CertificateCheck;
}

/** What TLS checks of a certificate: its chain and its name, its chain only, or nothing. */
export type CertificateCheck = "full" | "chain" | "none";

/** What the probes use of a socket, in Workers and in Node. */
export interface ProbeSocket {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly opened: Promise<unknown>;
  readonly closed: Promise<void>;
  close(): Promise<void>;
  startTls(): ProbeSocket;
}

/** One run of a probe. The secrets in the check and in the target are replaced by their values. */
export interface ProbeJob {
  check: Check;
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
  /** What the probe is waiting for. A timeout's error text contains this text. */
  stage: string;
  /** Whether the connection uses TLS or is starting it. */
  secure: boolean;
}

export interface ProbeResult {
  verdict: Extract<Verdict, "ok" | "warn" | "fail">;
  /** Null: nothing is wrong. */
  error: string | null;
  details: ObservationDetails;
}

/** The function of one protocol, each in its own file. Returns a result or throws a ProbeFailure. */
export type Protocol = (job: ProbeJob) => Promise<ProbeResult>;

/**
 * The check failed; the message is for a person. `answered`: the target sent a response, so it can be reached. `timedOut`:
 * the probe waited for it until the check's timeout.
 */
export class ProbeFailure extends Error {
  override name = "ProbeFailure";
  readonly answered: boolean;
  readonly timedOut: boolean;
  readonly verdict: "fail" | "unprobeable";

  constructor(
    message: string,
    options: { answered?: boolean; timedOut?: boolean; verdict?: "fail" | "unprobeable" } = {},
  ) {
    super(message);
    this.answered = options.answered ?? false;
    this.timedOut = options.timedOut ?? false;
    this.verdict = options.verdict ?? "fail";
  }
}

export const PASSED: ProbeResult = { verdict: "ok", error: null, details: {} };
