/** The Worker's entry: a hub by the clock of the platform. */
import { systemClock } from "../platform/system-clock.ts";
import { createObjects, createWorker } from "./create-worker.ts";

export const { Federation, LaneMonitor, LiveBoard, NatsBridge, PeerLink, ProbeRun, Prober } =
  createObjects(systemClock);

export default createWorker(systemClock);
