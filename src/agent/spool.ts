/**
 * Keeps on disk what the hub has not taken in yet, oldest first. Bounded: when it is full, the oldest file goes. What
 * waits is what can be read, after a crash at any moment too.
 */
import { SpoolFolder } from "./spool-folder.ts";

export interface SpoolOptions {
  folder: string;
  /** Of all files together. */
  maxBytes: number;
  /** A file is full at this size. */
  fileBytes: number;
}

interface Head<T> {
  file: number;
  /** Those that are still to be taken. */
  items: T[];
  /** Number of its items that were taken. */
  taken: number;
}

export class Spool<T> {
  readonly #options: SpoolOptions;
  readonly #folder: SpoolFolder<T>;
  /** The files by number, oldest first, with their size and number of items. */
  readonly #files = new Map<number, { bytes: number; items: number }>();
  #head: Head<T> | null = null;
  /** Numbers are not used twice, so that a position never belongs to another file. */
  #newest = 0;
  #dropped = 0;

  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#folder = new SpoolFolder(options.folder);
    this.#load();
  }

  /** Items that wait. `peek` finds one exactly when this is not 0. */
  get waiting(): number {
    let waiting = 0;
    for (const [file, { items }] of this.#files) waiting += this.#head?.file === file ? this.#head.items.length : items;
    return waiting;
  }

  /** Items that there ever was no room for, and lines that could not be read. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Throws what the disk says when it does not take them; they are dropped then. */
  add(items: readonly T[]): void {
    if (items.length === 0) return;
    const text = items.map((item) => `${JSON.stringify(item)}\n`).join("");
    const room = this.#files.get(this.#newest);
    const isFull = room === undefined || room.bytes >= this.#options.fileBytes;
    const file = isFull ? this.#newest + 1 : this.#newest;
    const { bytes, items: before } = this.#files.get(file) ?? { bytes: 0, items: 0 };
    try {
      this.#folder.append(file, text, bytes);
    } catch (error) {
      this.#dropped += items.length;
      this.#savePosition();
      throw error;
    }
    this.#newest = file;
    this.#files.set(file, { bytes: bytes + Buffer.byteLength(text), items: before + items.length });
    if (this.#head?.file === file) this.#head.items.push(...items);
    this.#makeRoom();
  }

  /** The oldest items, at most this many. They stay until `drop`. */
  peek(limit: number): T[] {
    return this.#open()?.items.slice(0, limit) ?? [];
  }

  /** Forgets the oldest items, at most as many as `peek` told. */
  drop(count: number): void {
    const head = this.#head;
    if (head === null) return;
    head.taken += head.items.splice(0, count).length;
    if (head.items.length === 0) this.#remove(head.file);
    this.#savePosition();
  }

  /** The oldest file that has an item. What others have removed or spoilt meanwhile counts as dropped. */
  #open(): Head<T> | null {
    while (this.#head === null) {
      const [oldest] = this.#files;
      if (oldest === undefined) return null;
      const [file, known] = oldest;
      const items = this.#folder.read(file)?.items ?? [];
      this.#dropped += Math.max(0, known.items - items.length);
      if (items.length === 0) this.#remove(file);
      else this.#head = { file, items, taken: 0 };
    }
    return this.#head;
  }

  #makeRoom(): void {
    let bytes = [...this.#files.values()].reduce((sum, file) => sum + file.bytes, 0);
    for (const [file, { bytes: freed, items }] of this.#files) {
      if (bytes <= this.#options.maxBytes || this.#files.size === 1) return;
      this.#dropped += this.#head?.file === file ? this.#head.items.length : items;
      this.#remove(file);
      this.#savePosition();
      bytes -= freed;
    }
  }

  #remove(file: number): void {
    if (this.#head?.file === file) this.#head = null;
    this.#files.delete(file);
    this.#folder.remove(file);
  }

  #savePosition(): void {
    const { file, taken } = this.#head ?? { file: this.#newest, taken: 0 };
    this.#folder.savePosition({ file, taken, dropped: this.#dropped });
  }

  #load(): void {
    const position = this.#folder.readPosition();
    this.#dropped = position.dropped;
    this.#newest = position.file ?? 0;
    for (const file of this.#folder.files()) {
      this.#newest = Math.max(this.#newest, file);
      const read = this.#folder.mend(file);
      if (read === null) continue;
      this.#dropped += read.unreadable;
      if (read.items.length === 0) this.#folder.remove(file);
      else this.#files.set(file, { bytes: read.bytes, items: read.items.length });
    }
    const head = this.#open();
    // A position beyond its file says nothing true. To tell all of the file again is harmless.
    if (head !== null && head.file === position.file && position.taken <= head.items.length) this.drop(position.taken);
    this.#savePosition();
  }
}
