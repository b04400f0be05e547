import { describe, expect, it, vi } from "vitest";
import { ByteQueue } from "../../src/probes/byte-queue.ts";
import { randomOf } from "../random.ts";

const MANY = 131_072;

describe("a queue of bytes", () => {
  it("gives back what was pushed, in whatever parts both happen", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = randomOf(seed);
      const queue = new ByteQueue();
      const expected: number[] = [];
      for (let step = 0; step < 100; step++) {
        if (random.below(3) > 0) {
          const part = Array.from({ length: random.below(300) }, () => random.below(256));
          queue.push(part);
          for (const byte of part) expected.push(byte);
        } else {
          const length = random.below(900);
          expect([...queue.peek(length)]).toEqual(expected.slice(0, length));
          expect([...queue.take(length)]).toEqual(expected.splice(0, length));
        }
        expect(queue.length).toBe(expected.length);
      }
      expect([...queue.take()]).toEqual(expected);
      expect(queue.length).toBe(0);
    }
  });

  it("finds a byte among those that were not taken", () => {
    const queue = new ByteQueue();
    queue.push([10, 1, 10, 2]);
    queue.drop(1);
    expect([queue.indexOf(10), queue.indexOf(10, 2), queue.indexOf(7)]).toEqual([1, -1, -1]);
  });

  it("keeps what was taken as it was", () => {
    const queue = new ByteQueue();
    queue.push([1, 2, 3]);
    const taken = queue.take(2);
    queue.push([4, 5, 6]);
    expect([...taken]).toEqual([1, 2]);
  });

  it("copies each byte a few times at most, when many come one at a time", () => {
    const set = vi.spyOn(Uint8Array.prototype, "set");
    const moved = vi.spyOn(Uint8Array.prototype, "copyWithin");
    let copied = 0;
    set.mockImplementation(function (this: Uint8Array, part: ArrayLike<number>) {
      copied += part.length;
    });
    moved.mockImplementation(function (this: Uint8Array, _to: number, from: number, end = this.length) {
      copied += end - from;
      return this;
    });
    try {
      const [growing, steady] = [new ByteQueue(), new ByteQueue()];
      for (let count = 0; count < MANY; count++) growing.push([0]);
      steady.push(new Uint8Array(MANY / 4));
      for (let count = 0; count < MANY; count++) {
        steady.push([0]);
        steady.drop(1);
      }
    } finally {
      set.mockRestore();
      moved.mockRestore();
    }
    expect(copied).toBeLessThan(8 * MANY);
  });
});
