/**
 * Reads what a JSON response reports about its service (draft-inadarei-api-health-check, and common variants of it).
 */
import type { ObservationDetails, Verdict } from "../core/records.ts";

const WORDS: Record<string, Extract<Verdict, "ok" | "warn" | "fail">> = {
  pass: "ok",
  ok: "ok",
  up: "ok",
  healthy: "ok",
  warn: "warn",
  degraded: "warn",
  fail: "fail",
  error: "fail",
  down: "fail",
};

export interface SelfReport {
  /** Null: the response reports no health. */
  verdict: "ok" | "warn" | "fail" | null;
  error: string | null;
  details: ObservationDetails;
}

export function readSelfReport(document: unknown): SelfReport {
  if (!isRecord(document)) return { verdict: null, error: null, details: {} };
  const verdict = verdictOf(document.status);
  const output = typeof document.output === "string" ? `: ${document.output}` : "";
  const details: ObservationDetails = {};
  const version = document.version ?? document.releaseId;
  if (typeof version === "string" || typeof version === "number") details.version = String(version);
  if (typeof document.uptime === "number") details.uptime = document.uptime;
  Object.assign(details, countEndpoints(document.checks));
  const bad = verdict === "warn" || verdict === "fail";
  return { verdict, error: bad ? `the service reports ${String(document.status)}${output}` : null, details };
}

function countEndpoints(checks: unknown): ObservationDetails {
  if (!isRecord(checks)) return {};
  const verdicts = Object.values(checks)
    .flat()
    .map((check) => verdictOf(isRecord(check) ? check.status : check));
  const known = verdicts.filter((verdict) => verdict !== null);
  if (known.length === 0) return {};
  return {
    endpoints_healthy: known.filter((verdict) => verdict === "ok").length,
    endpoints_total: known.length,
  };
}

function verdictOf(status: unknown): SelfReport["verdict"] {
  if (typeof status !== "string") return null;
  const word = status.toLowerCase();
  return Object.hasOwn(WORDS, word) ? (WORDS[word] ?? null) : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
