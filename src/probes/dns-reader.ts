/** Reads the numbers and names that messages of DNS are made of. */

const MAX_NAME_BYTES = 255;
/** As many as a name can have labels. */
const MAX_POINTERS = 127;

/** The bytes are no message. */
export class Malformed extends Error {}

/** Reads from the front. What is too short throws a Malformed. */
export class MessageReader {
  readonly #bytes: Uint8Array;
  at = 0;

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
    const labels: string[] = [];
    let after: number | null = null;
    let size = 1;
    for (let pointers = 0; ; ) {
      const length = this.uint(1);
      if (length === 0) break;
      if (length >= 0xc0) {
        const to = (length - 0xc0) * 256 + this.uint(1);
        after ??= this.at;
        pointers += 1;
        if (to >= this.at - 2 || pointers > MAX_POINTERS) throw new Malformed();
        this.at = to;
        continue;
      }
      size += length + 1;
      if (length > 0x3f || size > MAX_NAME_BYTES) throw new Malformed();
      labels.push([...this.take(length)].map(letterOf).join(""));
    }
    this.at = after ?? this.at;
    return labels.length === 0 ? "." : labels.join(".");
  }
}

function letterOf(byte: number): string {
  const letter = String.fromCharCode(byte).toLowerCase();
  if (byte <= 0x20 || byte >= 0x7f) return `\\${String(byte).padStart(3, "0")}`;
  return letter === "." || letter === "\\" ? `\\${letter}` : letter;
}
