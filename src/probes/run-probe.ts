/**
 * Runs one probe of any protocol. Secrets, refused targets, timeouts and error texts are handled here for all
 * protocols.
 */

import { COMPARED_OPTIONS, type HealthMethod, hasTarget, OPTIONS } from "../core/methods/index.ts";
import type { Check } from "../core/service/check.ts";
import type { HealthOptions } from "../core/service/options.ts";
import type { Observation, ObservationDetails } from "../core/service/records.ts";
import { queryRefusal, secretNames, secretRefusal } from "../core/service/secrets.ts";
import { type ProbedTargetResult, parseProbedTarget } from "../core/service/target.ts";
import { seenAt, withoutLateness } from "../core/status/late-measurement.ts";
import { boundedErrorText } from "../core/values/error-text.ts";
import { printableWithin } from "../core/values/printable.ts";
import { explained } from "./explain.ts";
import { failureFromError } from "./failure-words.ts";
import { basicCredentials } from "./http-request.ts";
import { stoodStill } from "./lateness.ts";
import { MAX_DETAIL_CHARS, type ProbeContext, type ProbeJob, type ProbeResult } from "./probe.ts";
import { ProbeFailure } from "./probe-failure.ts";
import { probeOf } from "./probes.ts";
import { Secrets } from "./secrets.ts";
import type { Seat } from "./slots.ts";

/** No refusal takes so long: the platform itself gave up the attempt to connect. */
const GIVEN_UP_MS = 10_000;
const NOTHING_SENT = { handshaking: false, answered: false };

/** The target that a check names, or why it is refused. */
export function targetOf({ health_method, health_url }: Check, context: ProbeContext): ProbedTargetResult {
  if (!hasTarget(health_method) || probeOf(health_method, context) === null) {
    return { ok: false, error: notProbed(health_method) };
  }
  return parseProbedTarget(health_method, health_url, { allowPrivate: context.allowPrivateTargets });
}

function notProbed(method: HealthMethod): string {
  return `${method} is not probed by the hub`;
}

export interface Prepared {
  target: ProbedTargetResult;
  seat: Seat;
}

/** The result of a probe before secrets are removed from it. */
type Found = Omit<Observation, "at" | "vantage">;

/** Never throws: whatever happens is an observation, within the check's timeout and a moment to explain a failure. */
export async function runProbe(check: Check, context: ProbeContext, { target, seat }: Prepared): Promise<Observation> {
  const at = context.now();
  const secrets = new Secrets((name) => context.secret(name));
  const run = () => execute(check, context, { target, seat }, secrets);
  const found = await (context.lateness?.during(run) ?? run()).catch((error) =>
    foundFailure(error instanceof ProbeFailure ? error : failureFromError(error, NOTHING_SENT), at, context.now()),
  );
  const { verdict, latency_ms } = found;
  return {
    at: seenAt(found, { from: at, to: context.now() }),
    vantage: context.vantage,
    verdict,
    latency_ms,
    error: found.error === null ? null : boundedErrorText(secrets.redactWhole(found.error)),
    details: cleanDetails(found.details, secrets),
  };
}

function foundFailure({ verdict, answered, message }: ProbeFailure, at: number, endedAt: number): Found {
  return { verdict, latency_ms: answered ? endedAt - at : null, error: message, details: {} };
}

function isHung({ timedOut, answered }: ProbeFailure, tookMs: number): boolean {
  return timedOut || (!answered && tookMs >= GIVEN_UP_MS);
}

async function execute(
  check: Check,
  context: ProbeContext,
  { target: parsed, seat }: Prepared,
  secrets: Secrets,
): Promise<Found> {
  const probe = probeOf(check.health_method, context);
  if (probe === null) throw new ProbeFailure(notProbed(check.health_method), { verdict: "unprobeable" });
  if (!parsed.ok) throw new ProbeFailure(`refused target: ${parsed.error}`, { verdict: "unprobeable" });
  const { user, password, database } = parsed.value;
  const { query, user: otherUser } = check.health_options;
  const refusal =
    secretRefusal([parsed.value, check.health_options], parsed.value, context.mayReceive) ??
    queryRefusal(query, [user, otherUser, database]);
  if (refusal !== null) throw new ProbeFailure(refusal, { verdict: "unprobeable" });
  const done = new AbortController();
  const { path, ...parts } = parsed.value;
  const target = { ...secrets.resolve(parts), path: secrets.resolvePath(path) };
  if (secretNames([user, password]).length > 0) secrets.hide(basicCredentials(target), "credentials");
  const { host, port, tls } = target;
  const job: ProbeJob = {
    check: { ...check, health_options: resolvedOptions(check.health_options, secrets) },
    secrets,
    secretHeaders: headersWithSecrets(check),
    secretBody: secretNames(check.health_options.body ?? "").length > 0,
    target,
    context,
    seat,
    signal: done.signal,
    progress: { stage: "connecting", handshaking: false, answered: false, endpoint: { host, port, tls } },
  };
  const startedAt = context.now();
  try {
    const { certainAt = context.now(), ...result } = await withinTimeout(probe.run(job), job);
    const found = { ...result, latency_ms: certainAt - startedAt };
    return withoutLateness(found, stoodStill(context.lateness, { from: startedAt, to: certainAt, timedOut: false }));
  } catch (error) {
    const endedAt = context.now();
    done.abort();
    const failure = error instanceof ProbeFailure ? error : failureFromError(error, job.progress);
    if (isHung(failure, endedAt - startedAt)) seat.hung();
    const late = stoodStill(context.lateness, { from: startedAt, to: endedAt, timedOut: failure.timedOut });
    return withoutLateness(foundFailure(await explained(failure, job), startedAt, endedAt), late);
  } finally {
    done.abort();
  }
}

/** Options with which an answer is compared keep the names of secrets, so that no comparison can find a secret out. */
function resolvedOptions(options: HealthOptions, secrets: Secrets): HealthOptions {
  const compared = COMPARED_OPTIONS.filter((name) => options[name] !== undefined);
  const resolved = secrets.resolve(options);
  const kept = compared.map((name) => [name, withNames(options[name], resolved[name], OPTIONS[name].isCompared)]);
  return { ...resolved, ...Object.fromEntries(kept) };
}

/** `members`: those of each item of a list with which the answer is compared; true: it is compared with all. */
function withNames(given: unknown, resolved: unknown, members: true | readonly string[] | undefined): unknown {
  if (members === true || !Array.isArray(given) || !Array.isArray(resolved)) return given;
  return given.map((item: object, index) => {
    const named = Object.entries(item).filter(([key]) => members?.includes(key));
    return { ...resolved[index], ...Object.fromEntries(named) };
  });
}

function headersWithSecrets({ health_options }: Check): string[] {
  return Object.entries(health_options.headers ?? {}).flatMap(([name, value]) =>
    secretNames(value).length > 0 ? [name] : [],
  );
}

async function withinTimeout(result: Promise<ProbeResult>, job: ProbeJob): Promise<ProbeResult> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    const seconds = job.check.health_timeout;
    const tooLate = () =>
      reject(new ProbeFailure(`timeout after ${seconds} s: ${job.progress.stage}`, { timedOut: true }));
    timer = setTimeout(tooLate, seconds * 1_000);
  });
  result.catch(() => {}); // after a timeout nothing else handles this error
  try {
    return await Promise.race([result, timeout]);
  } finally {
    if (timer !== undefined) clearTimeout(timer);
  }
}

/** Their names are the probes' own. */
function cleanDetails(details: ObservationDetails, secrets: Secrets): ObservationDetails {
  const entries = Object.entries(details).map(([name, value]) => [
    name,
    typeof value === "string" ? printableWithin(secrets.redact(value), MAX_DETAIL_CHARS) : value,
  ]);
  return Object.fromEntries(entries);
}
