/** How far a probe is, and how it fails. */

import type { Target } from "../core/methods/target-form.ts";
import type { Verdict } from "../core/service/records.ts";

/** `inconclusive`: the checker itself failed, so nothing is known of the target. */
export type FailureVerdict = Exclude<Verdict, "ok" | "warn">;

/**
 * The questions that are still open about a failure. `connection`: anything, of a raw connection. `name`: anything, of a
 * request by the platform's fetch. `tls`: what is wrong with TLS. `protocol`: whether the port speaks TLS.
 */
export type Unclear = "connection" | "name" | "tls" | "protocol";

export interface FailureOptions {
  /** The target sent a response, so it can be reached. */
  answered?: boolean;
  /** The probe waited for it until the check's timeout. */
  timedOut?: boolean;
  verdict?: FailureVerdict;
  unclear?: Unclear;
}

/** The check failed; the message is for a person. */
export class ProbeFailure extends Error {
  override name = "ProbeFailure";
  readonly answered: boolean;
  readonly timedOut: boolean;
  readonly verdict: FailureVerdict;
  /** Null: the message says all that there is. */
  readonly unclear: Unclear | null;

  constructor(message: string, options: FailureOptions = {}) {
    super(message);
    this.answered = options.answered ?? false;
    this.timedOut = options.timedOut ?? false;
    this.verdict = options.verdict ?? "fail";
    this.unclear = options.unclear ?? null;
  }
}

/** How far a probe is. Copies of its job share it. */
export interface Progress {
  /** The step that the probe waits for. A timeout's error text contains this text. */
  stage: string;
  /** Whether TLS is being started. */
  handshaking: boolean;
  /** Whether the target has sent something over the connection that is open now. */
  answered: boolean;
  /** The present address; it differs from the target after a redirect. */
  endpoint: Pick<Target, "host" | "port" | "tls">;
}
