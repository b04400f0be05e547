/** The process that runs the commands, as they use it. */
import type { Clock } from "../core/time/clock.ts";

export interface HubIo {
  clock: Clock;
  environment: Readonly<Record<string, string | undefined>>;
  out(line: string): void;
  err(line: string): void;
  /** Whether the output goes to a terminal, where colours help. */
  isTerminal: boolean;
  /** Resolves with what the user typed. Null when the input or the output is no terminal. */
  ask: ((question: string) => Promise<string>) | null;
  /** The folder that is the project's checkout when the command runs from one. */
  root: string;
  /** Resolves when the command is asked to stop. */
  stopped: Promise<unknown>;
}

export const EXIT = { done: 0, failed: 1, usage: 2 } as const;
