/** Bytes that come in parts and are taken from the front. However small the parts are, each byte is copied few times. */

const FIRST_BYTES = 1_024;

export class ByteQueue {
  #buffer = new Uint8Array(0);
  /** Where the bytes begin and end in the buffer. */
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  push(part: ArrayLike<number>): void {
    if (this.#end + part.length > this.#buffer.length) this.#makeRoom(part.length);
    this.#buffer.set(part, this.#end);
    this.#end += part.length;
  }

  /** All bytes, or the first ones, as they lie in the queue: good until the next push. */
  peek(length = this.length): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#start + Math.min(length, this.length));
  }

  /** Removes the first bytes, or all when there are fewer, and returns a copy of them. */
  take(length = this.length): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(this.peek(length));
    this.drop(length);
    return taken;
  }

  drop(length: number): void {
    this.#start += Math.min(length, this.length);
  }

  /** The place of the byte at or after `from`; -1: there is none. */
  indexOf(byte: number, from = 0): number {
    return this.peek().indexOf(byte, from);
  }

  /** The buffer doubles, so the bytes are moved ever more seldom. What was taken is moved out of it. */
  #makeRoom(more: number): void {
    const kept = this.peek();
    const needed = kept.length + more;
    const isHalfEmpty = 2 * needed <= this.#buffer.length;
    if (isHalfEmpty) this.#buffer.copyWithin(0, this.#start, this.#end);
    else {
      const larger = new Uint8Array(Math.max(FIRST_BYTES, 2 * needed));
      larger.set(kept);
      this.#buffer = larger;
    }
    this.#start = 0;
    this.#end = kept.length;
  }
}
