/** The files of a spool: lines of JSON in numbered files, and how far the oldest one was taken. */
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const FILE = /^(\d{1,12})\.jsonl$/;
const POSITION = "position.json";
const NEWLINE = 10;
const MAX_FILE = 10 ** 12;

const count = z.int().min(0).catch(0);
const positionSchema = z.object({
  /** The oldest file; when there is none, the number that was used last. */
  file: z.int().min(0).max(MAX_FILE).nullable().catch(null),
  /** Items of that file that were taken. */
  taken: count,
  dropped: count,
});
export type Position = z.infer<typeof positionSchema>;

export interface ReadFile<T> {
  items: T[];
  bytes: number;
  /** Lines that can't be read. */
  unreadable: number;
}

export class SpoolFolder<T> {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }

  /** Numbers of the files, lowest first. */
  files(): number[] {
    const numbers = readdirSync(this.#path).flatMap((name) => FILE.exec(name)?.[1] ?? []);
    return numbers.map(Number).sort((a, b) => a - b);
  }

  /** Null: the file is not there, or can't be read. */
  read(file: number): ReadFile<T> | null {
    try {
      return readLines<T>(readFileSync(this.#file(file)));
    } catch {
      return null;
    }
  }

  /**
   * Reads a file that a crash may have left in the middle of a line. The rest of such a line is cut off, so that what is
   * appended begins a line of its own.
   */
  mend(file: number): ReadFile<T> | null {
    const path = this.#file(file);
    try {
      const bytes = readFileSync(path);
      const end = bytes.lastIndexOf(NEWLINE) + 1;
      if (end < bytes.length) truncateSync(path, end);
      const read = readLines<T>(bytes.subarray(0, end));
      const kept = read.items.map((item) => `${JSON.stringify(item)}\n`).join("");
      if (read.unreadable > 0) this.#replace(path, kept);
      const unreadable = read.unreadable + (end < bytes.length ? 1 : 0);
      return { items: read.items, bytes: Buffer.byteLength(kept), unreadable };
    } catch {
      return null;
    }
  }

  /** Throws what the disk says when it does not take all of the text. `before`: size of the file, which it has again then. */
  append(file: number, text: string, before: number): void {
    const path = this.#file(file);
    try {
      appendFileSync(path, text, { mode: 0o600 });
    } catch (error) {
      cutOff(path, before);
      throw error;
    }
  }

  remove(file: number): void {
    rmSync(this.#file(file), { force: true });
  }

  readPosition(): Position {
    try {
      return positionSchema.parse(JSON.parse(readFileSync(join(this.#path, POSITION), "utf8")));
    } catch {
      return { file: null, taken: 0, dropped: 0 };
    }
  }

  /** A crash after a report and before this is written sends the report again, which is harmless. */
  savePosition(position: Position): void {
    this.#replace(join(this.#path, POSITION), JSON.stringify(position));
  }

  /** All or nothing: a disk that is full leaves what was there. */
  #replace(path: string, text: string): void {
    try {
      writeFileSync(`${path}.new`, text, { mode: 0o600 });
      renameSync(`${path}.new`, path);
    } catch {
      // as after a crash
    }
  }

  #file(file: number): string {
    return join(this.#path, `${String(file).padStart(8, "0")}.jsonl`);
  }
}

/** Never makes a file longer. */
function cutOff(path: string, bytes: number): void {
  try {
    if (statSync(path).size > bytes) truncateSync(path, bytes);
  } catch {
    // there is no such file
  }
}

function readLines<T>(bytes: Buffer): ReadFile<T> {
  const lines = bytes.toString("utf8").split("\n").filter(Boolean);
  const items = lines.flatMap((line) => parsed<T>(line));
  return { items, bytes: bytes.length, unreadable: lines.length - items.length };
}

function parsed<T>(line: string): T[] {
  try {
    return [JSON.parse(line) as T]; // this program wrote it
  } catch {
    return [];
  }
}
