/** A container as the agent sees it, whatever engine runs it. */

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
  /** What its last health check printed. */
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
}

/** What a container used, as the engine counts it. */
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
 * somebody hears of it. `wasStopped`: the engine was asked to stop it.
 */
export function isService(container: Container, wasStopped: boolean): boolean {
  switch (container.state) {
    case "created":
    case "removing":
      return false;
    case "exited":
      return !wasStopped && !ASKED_TO_END.includes(container.exitCode);
    default:
      return true;
  }
}

/** What is wrong with a container that does not run; null: it runs. */
export function troubleOf({ state, exitCode, outOfMemory, error }: Container): string | null {
  const ended = outOfMemory ? `exit code ${exitCode}, out of memory` : `exit code ${exitCode}`;
  switch (state) {
    case "running":
      return null;
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
  if (container === null || container.state === "removing") return "container removed";
  return container.state === "exited" ? `container stopped (exit code ${container.exitCode})` : "container stopped";
}
