/** The CPU and memory of a container, for people and for thresholds. */
import type { HealthOptions } from "../../core/service/options.ts";
import type { Observation, ObservationDetails } from "../../core/service/records.ts";
import type { UsageSample } from "./container.ts";

/** `before`: an earlier sample; null: there is none, so the use of the processor is not known yet. */
export function usageDetails(sample: UsageSample, before: UsageSample | null, restarts: number): ObservationDetails {
  const limit = sample.memoryLimitBytes;
  const elapsedNs = before === null ? 0 : (sample.at - before.at) * 1e6;
  const cpu = before === null || elapsedNs <= 0 ? null : ((sample.cpuNs - before.cpuNs) / elapsedNs) * 100;
  return {
    // The counter of a container that was restarted begins anew.
    ...(cpu === null || cpu < 0 ? {} : { cpu_percent: rounded(cpu) }),
    memory_bytes: sample.memoryBytes,
    ...(limit > 0 ? { memory_percent: rounded((sample.memoryBytes / limit) * 100) } : {}),
    network_rx_bytes: sample.receivedBytes,
    network_tx_bytes: sample.sentBytes,
    restarts,
  };
}

/** Adds the use to what a check found. A service that passed is degraded when it uses too much. */
export function withUsage(observation: Observation, usage: ObservationDetails, options: HealthOptions): Observation {
  const details = { ...usage, ...observation.details };
  const excess = observation.verdict === "ok" ? excessOf(usage, options) : null;
  return excess === null ? { ...observation, details } : { ...observation, verdict: "warn", error: excess, details };
}

function excessOf(usage: ObservationDetails, options: HealthOptions): string | null {
  const { degraded_above_cpu, degraded_above_memory, degraded_above_restarts } = options;
  const checks = [
    ["cpu", usage.cpu_percent, degraded_above_cpu, " %"],
    ["memory", usage.memory_percent, degraded_above_memory, " %"],
    ["restarts", usage.restarts, degraded_above_restarts, ""],
  ] as const;
  for (const [what, value, limit, unit] of checks) {
    if (typeof value === "number" && limit !== undefined && value > limit) {
      return `${what}: ${value}${unit}, more than ${limit}${unit}`;
    }
  }
  return null;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
