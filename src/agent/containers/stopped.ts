/**
 * The containers that the engine was asked to stop. An engine does not keep that: of a container that was killed after
 * it ignored the request, only the exit code remains, which says that it died. So the agent keeps it in a file.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { messageOf } from "../../core/values/error-message.ts";

const fileSchema = z.array(z.string());

export class StoppedContainers {
  readonly #file: string;
  readonly #log: (line: string) => void;
  readonly #ids: Set<string>;

  constructor(file: string, log: (line: string) => void) {
    this.#file = file;
    this.#log = log;
    this.#ids = new Set(readIds(file));
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  add(id: string): void {
    if (this.#ids.has(id)) return;
    this.#ids.add(id);
    this.#write();
  }

  delete(id: string): void {
    if (this.#ids.delete(id)) this.#write();
  }

  /** Forgets all others, which do not exist any longer. */
  keep(ids: readonly string[]): void {
    for (const id of this.#ids) if (!ids.includes(id)) this.delete(id);
  }

  #write(): void {
    try {
      writeFileSync(this.#file, JSON.stringify([...this.#ids]), { mode: 0o600 });
    } catch (error) {
      this.#log(`containers: what was stopped is not kept for the next start: ${messageOf(error)}`);
    }
  }
}

function readIds(file: string): string[] {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return []; // there is none yet
  }
}
