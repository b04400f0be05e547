/**
 * Keeps on disk what the hub has not taken in yet: lines of JSON in numbered files, oldest first. Bounded: when it is
 * full, the oldest file goes.
 */
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

const SUFFIX = ".jsonl";
const POSITION = "position.json";

export interface SpoolOptions {
  folder: string;
  /** Of all files together. */
  maxBytes: number;
  /** A file is full at this size. */
  fileBytes: number;
}

interface Head {
  file: number;
  /** Its lines that are still to be taken. */
  lines: string[];
  /** Its lines that were taken. */
  taken: number;
}

export class Spool<T> {
  readonly #options: SpoolOptions;
  /** Numbers of the files, oldest first, with their size and number of lines. */
  readonly #files = new Map<number, { bytes: number; lines: number }>();
  #head: Head | null = null;
  #waiting = 0;
  #dropped = 0;

  constructor(options: SpoolOptions) {
    this.#options = options;
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    this.#load();
  }

  /** Items that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Items that there ever was no room for. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Throws what the disk says when it does not take them; they are dropped then. */
  add(items: readonly T[]): void {
    if (items.length === 0) return;
    const text = items.map((item) => `${JSON.stringify(item)}\n`).join("");
    const bytes = Buffer.byteLength(text);
    const newest = [...this.#files.keys()].at(-1) ?? 0;
    const room = this.#files.get(newest);
    const file = room === undefined || room.bytes >= this.#options.fileBytes ? newest + 1 : newest;
    const { bytes: before, lines } = this.#files.get(file) ?? { bytes: 0, lines: 0 };
    this.#append(file, text, { before, items: items.length });
    this.#files.set(file, { bytes: before + bytes, lines: lines + items.length });
    if (this.#head?.file === file) this.#head.lines.push(...text.split("\n").slice(0, -1));
    this.#waiting += items.length;
    this.#makeRoom();
  }

  /** The oldest items, at most this many. They stay until `drop`. Lines that can't be read are skipped. */
  peek(limit: number): { items: T[]; lines: number } {
    const head = this.#open();
    if (head === null) return { items: [], lines: 0 };
    const lines = head.lines.slice(0, limit);
    return { items: lines.flatMap((line) => parsed<T>(line)), lines: lines.length };
  }

  /** Forgets the oldest lines, as many as `peek` told. */
  drop(lines: number): void {
    const head = this.#head;
    if (head === null) return;
    const gone = head.lines.splice(0, lines).length;
    head.taken += gone;
    this.#waiting -= gone;
    if (head.lines.length === 0) this.#remove(head.file);
    this.#savePosition();
  }

  #append(file: number, text: string, { before, items }: { before: number; items: number }): void {
    const path = this.#path(file);
    try {
      appendFileSync(path, text, { mode: 0o600 });
    } catch (error) {
      this.#dropped += items;
      cutOff(path, before); // a part of it may have found room
      throw error;
    }
  }

  #open(): Head | null {
    if (this.#head !== null) return this.#head;
    const [file] = this.#files.keys();
    if (file === undefined) return null;
    const lines = readFileSync(this.#path(file), "utf8").split("\n").filter(Boolean);
    this.#head = { file, lines, taken: 0 };
    return this.#head;
  }

  #makeRoom(): void {
    let bytes = [...this.#files.values()].reduce((sum, file) => sum + file.bytes, 0);
    while (bytes > this.#options.maxBytes && this.#files.size > 1) {
      const [oldest] = this.#files.keys();
      if (oldest === undefined) return;
      const { bytes: freed, lines } = this.#files.get(oldest) ?? { bytes: 0, lines: 0 };
      const lost = this.#head?.file === oldest ? this.#head.lines.length : lines;
      this.#remove(oldest);
      this.#waiting -= lost;
      this.#dropped += lost;
      bytes -= freed;
    }
    this.#savePosition();
  }

  #remove(file: number): void {
    if (this.#head?.file === file) this.#head = null;
    this.#files.delete(file);
    rmSync(this.#path(file), { force: true });
  }

  /** A crash after a report and before this is written sends the report again, which is harmless. */
  #savePosition(): void {
    const position = { file: this.#head?.file ?? null, taken: this.#head?.taken ?? 0, dropped: this.#dropped };
    try {
      writeFileSync(join(this.#options.folder, POSITION), JSON.stringify(position), { mode: 0o600 });
    } catch {
      // the disk is full: as after a crash
    }
  }

  #load(): void {
    const names = readdirSync(this.#options.folder).filter((name) => name.endsWith(SUFFIX));
    for (const file of names.map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b)) {
      const lines = readFileSync(this.#path(file), "utf8").split("\n").filter(Boolean).length;
      if (lines === 0) rmSync(this.#path(file));
      else this.#files.set(file, { bytes: statSync(this.#path(file)).size, lines });
    }
    this.#waiting = [...this.#files.values()].reduce((sum, { lines }) => sum + lines, 0);
    const position = this.#readPosition();
    this.#dropped = position.dropped;
    const head = this.#open();
    if (head === null || head.file !== position.file) return;
    this.drop(Math.min(position.taken, head.lines.length));
  }

  #readPosition(): { file: number | null; taken: number; dropped: number } {
    const nothing = { file: null, taken: 0, dropped: 0 };
    try {
      return { ...nothing, ...JSON.parse(readFileSync(join(this.#options.folder, POSITION), "utf8")) };
    } catch {
      return nothing;
    }
  }

  #path(file: number): string {
    return join(this.#options.folder, `${String(file).padStart(8, "0")}${SUFFIX}`);
  }
}

function cutOff(path: string, bytes: number): void {
  try {
    truncateSync(path, bytes);
  } catch {
    // there is no such file
  }
}

/** A line may be cut off, when the machine stopped while it was written. */
function parsed<T>(line: string): T[] {
  try {
    return [JSON.parse(line) as T]; // this program wrote it
  } catch {
    return [];
  }
}
