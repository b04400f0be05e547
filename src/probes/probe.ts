/** What a probe is given and what it answers. */

import type { Check } from "../core/check.ts";
import type { ObservationDetails, Verdict } from "../core/records.ts";
import type { Target } from "../core/target.ts";

export interface ProbeContext {
  /** `home` or a location hint. */
  vantage: string;
  hubId: string;
  allowPrivateTargets: boolean;
  /** The value of the secret PROBE_SECRET_X, named in full. */
  secret(name: string): string | undefined;
  connect: typeof import("cloudflare:sockets").connect;
  fetch: typeof fetch;
  /** Unix ms. */
  now(): number;
}

/** One execution of a protocol: the check with its secrets resolved, and the signal that ends it. */
export interface ProbeJob {
  check: Check;
  /** http: the headers that carry secrets. */
  secretHeaders: readonly string[];
  /** http: whether the body carries a secret. */
  secretBody: boolean;
  target: Target;
  context: ProbeContext;
  /** Aborted when the timeout is over or the probe is done: whoever opened something closes it then. */
  signal: AbortSignal;
  /** What is waited for now, for the words of a timeout. */
  stage: string;
  /** TLS is spoken, or about to be. */
  secure: boolean;
}

export interface Finding {
  verdict: Extract<Verdict, "ok" | "warn" | "fail">;
  /** Null when all is well. */
  error: string | null;
  details: ObservationDetails;
}

/** One file per protocol implements this; it answers a finding or throws a ProbeFailure. */
export type Protocol = (job: ProbeJob) => Promise<Finding>;

/** The target failed, in words for a person. `answered`: something came back, so it is there. */
export class ProbeFailure extends Error {
  override name = "ProbeFailure";
  readonly answered: boolean;
  readonly verdict: "fail" | "unprobeable";

  constructor(message: string, options: { answered?: boolean; verdict?: "fail" | "unprobeable" } = {}) {
    super(message);
    this.answered = options.answered ?? false;
    this.verdict = options.verdict ?? "fail";
  }
}

export const PASSED: Finding = { verdict: "ok", error: null, details: {} };
