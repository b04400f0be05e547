/** Reads the numbers and names that messages of DNS are made of. */

const MAX_NAME_BYTES = 255;
/** As many as a name can have labels. */
const MAX_POINTERS = 127;
/** More labels and pointers than any name has (RFC 1035, 2.3.4): each label takes two bytes at least. */
const MAX_LOOKS = 2 * MAX_POINTERS;

/** The bytes are no message. */
export class Malformed extends Error {}

/** A name, or the rest of one from a label on. */
interface Name {
  /** Empty: the root. */
  text: string;
  /** In the message, without pointers. */
  bytes: number;
  /** As many were followed. */
  pointers: number;
}

const ROOT: Name = { text: "", bytes: 1, pointers: 0 };

/** Reads from the front. What is too short throws a Malformed. */
export class MessageReader {
  readonly #bytes: Uint8Array;
  /** The name from a place on. Thousands of names may point to one place, so none is read twice. */
  readonly #names = new Map<number, Name>();
  at = 0;
  /** Labels and pointers that were looked at. They grow with the bytes of the message, however its names point. */
  looks = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  /** The next bytes, which stay unread. */
  within(length: number): Uint8Array {
    if (length > this.left) throw new Malformed();
    return this.#bytes.subarray(this.at, this.at + length);
  }

  take(length: number): Uint8Array {
    const part = this.within(length);
    this.at += length;
    return part;
  }

  uint(size: number): number {
    return this.take(size).reduce((value, byte) => value * 256 + byte, 0);
  }

  /** In lower case. What is no letter, digit or ordinary sign is written as in zone files (RFC 1035, 5.1). */
  name(): string {
    const passed: { at: number; label: string | null }[] = []; // null: a pointer
    let after: number | null = null;
    let rest: Name | undefined;
    while (rest === undefined) {
      const { at } = this;
      const look = this.#look();
      if (look === null) rest = ROOT;
      else passed.push({ at, label: typeof look === "string" ? look : null });
      if (passed.length > MAX_LOOKS) throw new Malformed();
      if (typeof look === "number") {
        after ??= this.at;
        this.at = look;
      }
      if (after !== null) rest ??= this.#names.get(this.at);
    }
    for (const { at, label } of passed.toReversed()) {
      rest = label === null ? { ...rest, pointers: rest.pointers + 1 } : withLabel(label, this.#bytes[at] ?? 0, rest);
      if (rest.bytes > MAX_NAME_BYTES || rest.pointers > MAX_POINTERS) throw new Malformed();
      this.#names.set(at, rest);
    }
    this.at = after ?? this.at;
    return rest.text === "" ? "." : rest.text;
  }

  /** Reads a label, or the place to which a pointer leads, which is before it; null: the name ends. */
  #look(): string | number | null {
    const { at } = this;
    const length = this.uint(1);
    if (length === 0) return null;
    this.looks += 1;
    if (length <= 0x3f) return [...this.take(length)].map(letterOf).join("");
    const to = (length - 0xc0) * 256 + this.uint(1);
    if (length < 0xc0 || to >= at) throw new Malformed();
    return to;
  }
}

function withLabel(label: string, length: number, { text, bytes, pointers }: Name): Name {
  return { text: text === "" ? label : `${label}.${text}`, bytes: bytes + 1 + length, pointers };
}

function letterOf(byte: number): string {
  const letter = String.fromCharCode(byte).toLowerCase();
  if (byte <= 0x20 || byte >= 0x7f) return `\\${String(byte).padStart(3, "0")}`;
  return letter === "." || letter === "\\" ? `\\${letter}` : letter;
}
