/** A container as the agent sees it, whatever engine runs it. */

import { CONTAINER_REMOVED } from "../../core/agent/discovery.ts";
import { canonicalHost } from "../../core/service/address.ts";

export type ContainerState = "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead";

export interface Container {
  id: string;
  /** Without the slash that engines put before it. */
  name: string;
  image: string;
  labels: Readonly<Record<string, string>>;
  state: ContainerState;
  /** Of the container's own health check; null: it has none. */
  health: "starting" | "healthy" | "unhealthy" | null;
  /** The output of its last health check. */
  healthOutput: string;
  exitCode: number;
  /** The engine ended it because its memory ran out. */
  outOfMemory: boolean;
  /** Why the engine could not start it; empty: nothing. */
  error: string;
  /** By the engine, since the container was made. */
  restarts: number;
  /** In its first network; null: it shares the host's or has none. */
  ip: string | null;
  /** In all its networks; absent: `ip` is the only one. */
  addresses?: readonly string[];
}

/** The container's own addresses, canonical. */
export function addressesIn({ ip, addresses = ip === null ? [] : [ip] }: Container): string[] {
  return addresses.flatMap((address) => {
    const host = canonicalHost(address.includes(":") ? `[${address}]` : address);
    return host.ok ? host.value : [];
  });
}

/** The use of a container, as the engine counts it. */
export interface UsageSample {
  /** Unix ms. */
  at: number;
  /** Nanoseconds of one core, ever. */
  cpuNs: number;
  memoryBytes: number;
  /** 0: no limit is known. */
  memoryLimitBytes: number;
  receivedBytes: number;
  sentBytes: number;
}

/** Exit codes of programs that ended because they were asked to: 0, SIGINT, SIGTERM. */
const ASKED_TO_END = [0, 130, 143];

/**
 * Whether the container counts as a service. One that was stopped does not; one that died by itself does, so that
 * somebody hears of it, and so does one that could not be started. One that only ran once has its end in its nature.
 * `wasStopped`: the engine was asked to stop it.
 */
export function isService(container: Container, wasStopped: boolean): boolean {
  switch (container.state) {
    case "created":
      return !wasStopped && couldNotStart(container) && !isOneOff(container);
    case "removing":
      return false;
    case "exited":
      return !wasStopped && !ASKED_TO_END.includes(container.exitCode) && !isOneOff(container);
    case "dead":
      return !wasStopped && !isOneOff(container);
    default:
      return true;
  }
}

/** One that was made and never started has neither. */
function couldNotStart({ exitCode, error }: Container): boolean {
  return exitCode !== 0 || error !== "";
}

const TRUE = /^(true|yes|on|1)$/i;

/** Whether `compose run` made it: it has the labels of a service, but is not the service. */
export function isOneOff({ labels, name }: Pick<Container, "labels" | "name">): boolean {
  const flag = labels["com.docker.compose.oneoff"]?.trim() ?? "";
  if (flag !== "") return TRUE.test(flag);
  return labels["io.podman.compose.project"] !== undefined && /_tmp\d+$/.test(name); // podman-compose only names it so
}

/**
 * Of two containers of one service, such as replicas: whether `one` says more of it than `other`. Between equals the id
 * decides, and not the order in which the engine names them, so that a restart of the agent changes nothing.
 */
export function standsBefore(one: Container, other: Container): boolean {
  const [first, second] = [rankOf(one), rankOf(other)];
  return first === second ? one.id < other.id : first < second;
}

function rankOf(container: Container): number {
  const after = isOneOff(container) ? 10 : 0;
  if (container.state !== "running") return after + (container.state === "restarting" ? 3 : 4);
  return after + { unhealthy: 2, starting: 1, healthy: 0, none: 0 }[container.health ?? "none"];
}

/** Returns why a container does not run; null: it runs. */
export function troubleOf({ state, exitCode, outOfMemory, error }: Container): string | null {
  const ended = outOfMemory ? `exit code ${exitCode}, out of memory` : `exit code ${exitCode}`;
  switch (state) {
    case "running":
      return null;
    case "created":
      return `container: can't be started: ${error === "" ? ended : error}`;
    case "exited":
      return error === "" ? `container: exited (${ended})` : `container: ${error}`;
    case "restarting":
      return `container: restarting (${ended})`;
    default:
      return `container: ${state}`;
  }
}

/** Why a service of a container has ended, for people. */
export function endingOf(container: Container | null): string {
  if (container === null || container.state === "removing") return CONTAINER_REMOVED;
  return container.state === "exited" ? `container stopped (exit code ${container.exitCode})` : "container stopped";
}
