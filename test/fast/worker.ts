/** The Worker as it is deployed, but for its clock, whose pace the binding FAST_CLOCK tells. */
import { env } from "cloudflare:workers";
import { systemClock } from "../../src/platform/system-clock.ts";
import { createObjects, createWorker } from "../../src/worker/create-worker.ts";
import { fastClock, parsePace } from "./fast-clock.ts";

const clock = fastClock(
  parsePace(String(new Map<string, unknown>(Object.entries(env)).get("FAST_CLOCK"))),
  systemClock,
);

export const { Federation, LaneMonitor, LiveBoard, NatsBridge, PeerLink, ProbeRun, Prober } = createObjects(clock);

export default createWorker(clock);
