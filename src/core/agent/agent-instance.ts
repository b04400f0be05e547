/** Which process an agent's name belongs to: two under one name would take each other's services away. */
import { AGENT_HOLDS_NAME_MS } from "../time/durations.ts";

/** Sent with each request of an agent: the id of its state folder and, after a blank, its machine. */
export const INSTANCE_HEADER = "hub-agent-instance";
/** `yes`: the agent takes its name from another process that has it. */
export const TAKE_OVER_HEADER = "hub-agent-take-over";

const INSTANCE = /^[\w-]{8,64} [\x21-\x7e]{1,255}$/;

export interface NameHolder {
  /** The process that has the name; null: none, or one that tells no id. */
  instance: string | null;
  /** Unix ms. */
  last_seen_at: number | null;
}

export interface NameCaller {
  instance: string | null;
  takesOver: boolean;
}

/** Returns null for what is no instance. */
export function parseInstance(header: string | undefined): string | null {
  return header !== undefined && INSTANCE.test(header) ? header : null;
}

export function instanceOf(id: string, host: string): string {
  return `${id} ${host.replace(/[^\x21-\x7e]/g, "?").slice(0, 255) || "?"}`;
}

/** The machine of an instance; null: an agent of before, which tells none. */
export function hostOf(instance: string | null): string | null {
  return instance?.slice(instance.indexOf(" ") + 1) ?? null;
}

/** How long the caller has to wait for the name, in milliseconds; 0: it may have it. `now`: Unix ms. */
export function waitForName({ instance, last_seen_at }: NameHolder, caller: NameCaller, now: number): number {
  if (instance === null || instance === caller.instance || caller.takesOver || last_seen_at === null) return 0;
  const silence = Math.abs(now - last_seen_at); // a mark in the future is worthless
  return Math.max(0, AGENT_HOLDS_NAME_MS - silence);
}
