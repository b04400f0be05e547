import type { Check, Observation } from "../core/records.ts";
import type { ProbeContext } from "./probe.ts";
export async function runProbe(check: Check, c: ProbeContext): Promise<Observation> {
  const at = c.now();
  try {
    const r = await c.fetch(check.health_url, { redirect: "manual", signal: AbortSignal.timeout(check.health_timeout*1000), headers: {"User-Agent":"x"} });
    await r.body?.cancel();
    return { at, vantage: c.vantage, verdict: r.status < 300 ? "ok" : "fail", latency_ms: c.now() - at, error: r.status < 300 ? null : "http: status "+r.status, details: {} };
  } catch (e) { return { at, vantage: c.vantage, verdict: "fail", latency_ms: null, error: String(e), details: {} }; }
}
