/** Every protocol under one roof: secrets, refused targets, the timeout and clean words are the same for all. */

import type { Check } from "../core/check.ts";
import { boundedErrorText } from "../core/error-text.ts";
import { isProbed, type Observation, type ObservationDetails, type ProbedMethod } from "../core/records.ts";
import { type ProbedTargetResult, parseProbedTarget } from "../core/target.ts";
import { plainWords } from "./failure-words.ts";
import { basicCredentials, httpProbe } from "./http.ts";
import { postgresProbe } from "./postgres.ts";
import { type Finding, type ProbeContext, ProbeFailure, type ProbeJob, type Protocol } from "./probe.ts";
import { redisProbe } from "./redis.ts";
import { namesSecret, Secrets } from "./secrets.ts";
import { tcpProbe } from "./tcp.ts";

/** Cut after secrets are taken out: the first half of a secret would not be recognised. */
const MAX_DETAIL_CHARS = 64;

export const probes: Record<ProbedMethod, Protocol> = {
  http: httpProbe,
  tcp: tcpProbe,
  redis: redisProbe,
  postgres: postgresProbe,
};

/** The target that a check names, or why it is refused. */
export function targetOf(check: Check, { allowPrivateTargets }: ProbeContext): ProbedTargetResult {
  if (isProbed(check.health_method)) {
    return parseProbedTarget(check.health_method, check.health_url, { allowPrivate: allowPrivateTargets });
  }
  return { ok: false, error: `${check.health_method} is not probed by the hub` };
}

/** Never throws: whatever happens is an observation, within the check's timeout. */
export async function runProbe(
  check: Check,
  context: ProbeContext,
  target: ProbedTargetResult = targetOf(check, context),
): Promise<Observation> {
  const at = context.now();
  const secrets = new Secrets((name) => context.secret(name));
  const clean = (text: string) => boundedErrorText(secrets.redact(text));
  try {
    const finding = await execute(check, context, target, secrets);
    return {
      at,
      vantage: context.vantage,
      verdict: finding.verdict,
      latency_ms: context.now() - at,
      error: finding.error === null ? null : clean(finding.error),
      details: cleanDetails(finding.details, clean),
    };
  } catch (error) {
    const failure = error instanceof ProbeFailure ? error : plainWords(error);
    return {
      at,
      vantage: context.vantage,
      verdict: failure.verdict,
      latency_ms: failure.answered ? context.now() - at : null,
      error: clean(failure.message),
      details: {},
    };
  }
}

async function execute(
  check: Check,
  context: ProbeContext,
  parsed: ProbedTargetResult,
  secrets: Secrets,
): Promise<Finding> {
  if (!isProbed(check.health_method)) {
    throw new ProbeFailure(`${check.health_method} is not probed by the hub`, { verdict: "unprobeable" });
  }
  if (!parsed.ok) throw new ProbeFailure(`refused target: ${parsed.error}`, { verdict: "unprobeable" });
  const done = new AbortController();
  const target = { ...secrets.resolve(parsed.target), path: secrets.resolvePath(parsed.target.path) };
  const { user, password } = parsed.target;
  if (namesSecret(`${user}:${password}`)) secrets.hide(basicCredentials(target), "credentials");
  const job: ProbeJob = {
    check: { ...check, health_options: secrets.resolve(check.health_options) },
    secretHeaders: headersWithSecrets(check),
    secretBody: namesSecret(check.health_options.body ?? ""),
    target,
    context,
    signal: done.signal,
    stage: "connecting",
    secure: false,
  };
  try {
    return await withinTimeout(probes[check.health_method](job), job);
  } catch (error) {
    throw error instanceof ProbeFailure ? error : plainWords(error, job.secure);
  } finally {
    done.abort();
  }
}

function headersWithSecrets({ health_options }: Check): string[] {
  return Object.entries(health_options.headers ?? {}).flatMap(([name, value]) => (namesSecret(value) ? [name] : []));
}

async function withinTimeout(finding: Promise<Finding>, job: ProbeJob): Promise<Finding> {
  let timer: number | null = null;
  const timeout = new Promise<never>((_resolve, reject) => {
    const seconds = job.check.health_timeout;
    timer = setTimeout(() => reject(new ProbeFailure(`timeout after ${seconds} s: ${job.stage}`)), seconds * 1_000);
  });
  finding.catch(() => {}); // after a timeout nobody waits for it
  try {
    return await Promise.race([finding, timeout]);
  } finally {
    if (timer !== null) clearTimeout(timer);
  }
}

function cleanDetails(details: ObservationDetails, clean: (text: string) => string): ObservationDetails {
  const entries = Object.entries(details).map(([key, value]) => [
    key,
    typeof value === "string" ? clean(value).slice(0, MAX_DETAIL_CHARS) : value,
  ]);
  return Object.fromEntries(entries);
}
