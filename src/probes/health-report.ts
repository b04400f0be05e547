/**
 * Reads what an answer reports about its service: health+json (draft-inadarei-api-health-check), and the words of Spring
 * Boot's actuator, ASP.NET Core's health checks, Kubernetes, Consul and gRPC.
 */
import type { ObservationDetails, Verdict } from "../core/service/records.ts";

type Reported = Extract<Verdict, "ok" | "warn" | "fail">;

/** In lower case, with `_` for blanks and hyphens. */
const WORDS: Readonly<Record<Reported, readonly string[]>> = {
  ok: [
    ...[
      "pass",
      "passed",
      "passing",
      "ok",
      "okay",
      "up",
      "healthy",
      "success",
      "succeeded",
      "serving",
      "ready",
      "alive",
    ],
    ...["available", "operational", "online", "running"],
  ],
  warn: ["warn", "warning", "degraded"],
  fail: [
    ...["fail", "failed", "failing", "failure", "error", "down", "unhealthy", "critical", "fatal", "dead", "offline"],
    ...["out_of_service", "unavailable", "not_serving", "not_ready", "not_ok", "not_healthy", "not_available"],
  ],
};
const VERDICT_OF_WORD = new Map(
  (["ok", "warn", "fail"] as const).flatMap((verdict) => WORDS[verdict].map((word) => [word, verdict] as const)),
);
/** The plain text that ASP.NET Core answers by default. */
const PLAIN_WORDS = /^(Healthy|Degraded|Unhealthy)$/;
export const MAX_PLAIN_BYTES = 16;

/** Where reports name the parts of their service: the draft, Spring, ASP.NET Core. */
const PARTS = ["checks", "components", "entries", "results"];
const REASONS = ["output", "message", "description", "error", "reason"];

export interface SelfReport {
  /** Null: the response reports no health, or in a word that is not known. */
  verdict: Reported | null;
  error: string | null;
  details: ObservationDetails;
}

const NO_REPORT: SelfReport = { verdict: null, error: null, details: {} };

/** `document`: a value that JSON.parse returned. */
export function readSelfReport(document: unknown): SelfReport {
  if (!isRecord(document)) return NO_REPORT;
  const { status } = document;
  const verdict = verdictOf(status);
  const details: ObservationDetails = {};
  const version = document.version ?? document.releaseId;
  if (typeof version === "string" || typeof version === "number") details.version = String(version);
  if (typeof document.uptime === "number") details.uptime = document.uptime;
  if (verdict === null && typeof status === "string" && status !== "") details.reported = status;
  Object.assign(details, countEndpoints(document));
  return { verdict, error: errorOf(verdict, status, reasonOf(document)), details };
}

/** The whole body of a plain text. */
export function readPlainReport(text: string): SelfReport {
  const word = text.trim();
  if (!PLAIN_WORDS.test(word)) return NO_REPORT;
  const verdict = verdictOf(word);
  return { verdict, error: errorOf(verdict, word, ""), details: {} };
}

function errorOf(verdict: Reported | null, word: unknown, reason: string): string | null {
  if (verdict !== "warn" && verdict !== "fail") return null;
  return `the service reports ${String(word).trim()}${reason === "" ? "" : `: ${reason}`}`;
}

function reasonOf(document: Record<string, unknown>): string {
  const reason = REASONS.map((name) => document[name]).find((value) => typeof value === "string" && value !== "");
  return String(reason ?? "");
}

function countEndpoints(document: Record<string, unknown>): ObservationDetails {
  const parts = PARTS.map((name) => document[name]).find(isRecord) ?? {};
  const verdicts = Object.values(parts)
    .flat()
    .map((part) => verdictOf(isRecord(part) ? part.status : part))
    .filter((verdict) => verdict !== null);
  if (verdicts.length === 0) return {};
  const healthy = verdicts.filter((verdict) => verdict === "ok").length;
  return { endpoints_healthy: healthy, endpoints_total: verdicts.length };
}

function verdictOf(status: unknown): Reported | null {
  if (typeof status !== "string") return null;
  const word = status
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, "_");
  return VERDICT_OF_WORD.get(word) ?? null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
