/** The checks that an agent had last, on disk, so that it can begin with them while its hub is away. */
import { readFileSync, writeFileSync } from "node:fs";
import { type AgentChecks, readChecksSchema } from "../core/agent/agent-protocol.ts";
import { messageOf } from "../core/values/error-message.ts";

export class KeptChecks {
  readonly #file: string;
  readonly #log: (line: string) => void;

  constructor(file: string, log: (line: string) => void) {
    this.#file = file;
    this.#log = log;
  }

  write(answer: AgentChecks): void {
    try {
      writeFileSync(this.#file, JSON.stringify(answer), { mode: 0o600 });
    } catch (error) {
      this.#log(`the checks are not kept for the next start: ${messageOf(error)}`);
    }
  }

  /** Null: there are none that can be read. */
  read(): AgentChecks | null {
    try {
      return readChecksSchema.parse(JSON.parse(readFileSync(this.#file, "utf8"))).answer;
    } catch {
      return null;
    }
  }
}
