/** Reads and writes the numbers and vectors that TLS messages are made of (RFC 8446, 3). */

export function joined(...parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A copy with a buffer of its own. */
export function bytesOf(part: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  return joined(part);
}

/** One character for each byte, whatever it is. A TextDecoder takes "latin1" for windows-1252, which differs. */
export function latin1(bytes: Uint8Array): string {
  return bytes.reduce((text, byte) => text + String.fromCharCode(byte), "");
}

/** A number of `size` bytes, the most significant first. */
export function uint(value: number, size: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_none, index) => (value / 256 ** (size - 1 - index)) & 0xff);
}

/** The content with its length before it; the length has `size` bytes. */
export function vector(size: number, ...parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const content = joined(...parts);
  return joined(uint(content.length, size), content);
}

/** Reads from the front. What is too short yields zeros and shorter vectors, never an error. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return Math.max(0, this.#bytes.length - this.#at);
  }

  uint(size: number): number {
    return this.take(size).reduce((value, byte) => value * 256 + byte, 0);
  }

  vector(size: number): Uint8Array {
    return this.take(this.uint(size));
  }

  take(length: number): Uint8Array {
    const part = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return part;
  }
}
