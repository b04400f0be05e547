import { describe, expect, it } from "vitest";
import { joined, uint } from "../../src/probes/bytes.ts";
import {
  decodeFrame,
  encodeFrame,
  type Frame,
  Messages,
  OPCODE,
  type Received,
} from "../../src/probes/websocket-frames.ts";
import { type Random, randomOf } from "../random.ts";

const LIMIT = 65_536;
const SIZES = [0, 1, 124, 125, 126, 127, 128, 65_535, 65_536];
const CHARACTERS = ["a", "ß", "✓", "🧪", "\0", '"'];

/** As a server writes it: not masked. */
function served({ fin, opcode, payload: { length }, payload }: Frame): Uint8Array {
  const size = length < 126 ? [length] : length < 65_536 ? [126, ...uint(length, 2)] : [127, ...uint(length, 8)];
  return joined([(fin ? 0x80 : 0) | opcode, ...size], payload);
}

function bytesAt(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}

/** Cuts the bytes at places of chance; parts may be empty. */
function pieces(random: Random, bytes: Uint8Array, count: number): Uint8Array[] {
  const cuts = Array.from({ length: count - 1 }, () => random.below(bytes.length + 1)).toSorted((a, b) => a - b);
  return [0, ...cuts].map((from, index) => bytes.subarray(from, cuts[index] ?? bytes.length));
}

/** All that a receiver gets of the chunks. */
function receivedOf(chunks: readonly Uint8Array[]): Received[] {
  const messages = new Messages(LIMIT);
  const all: Received[] = [];
  let bytes: Uint8Array = new Uint8Array(0);
  for (const chunk of chunks) {
    bytes = joined(bytes, chunk);
    for (;;) {
      const decoded = decodeFrame(bytes, LIMIT);
      if (decoded.kind === "more") break;
      if (decoded.kind === "wrong") return [...all, decoded];
      expect(decoded.size).toBeLessThanOrEqual(bytes.length);
      bytes = bytes.subarray(decoded.size);
      const received = messages.take(decoded.frame);
      if (received !== null) all.push(received);
      if (received?.kind === "wrong") return all;
    }
  }
  return all;
}

describe("whatever chance does", () => {
  it("a message is the same in any fragments, in any chunks, with any pings between", () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = randomOf(seed);
      const text = Array.from({ length: random.below(400) }, () => random.one(CHARACTERS)).join("");
      const parts = pieces(random, new TextEncoder().encode(text), 1 + random.below(6));
      const pings: Uint8Array[] = [];
      const frames = parts.flatMap((payload, index) => {
        const opcode = index === 0 ? OPCODE.text : OPCODE.continuation;
        const frame = { fin: index === parts.length - 1, opcode, payload };
        if (random.below(2) === 0) return [frame];
        pings.push(bytesAt(random, random.below(126)));
        return [{ fin: true, opcode: OPCODE.ping, payload: pings.at(-1) ?? new Uint8Array(0) }, frame];
      });
      const all = joined(...frames.map(served));
      const found = receivedOf(pieces(random, all, 1 + random.below(20)));
      expect(found.filter(({ kind }) => kind === "text")).toEqual([{ kind: "text", text }]);
      expect(found.filter(({ kind }) => kind === "ping")).toEqual(pings.map((payload) => ({ kind: "ping", payload })));
      expect(found).toHaveLength(1 + pings.length);
    }
  });

  it("bytes that are no frames end in words or wait for more, and never throw", () => {
    const kinds = new Set<string>();
    for (let seed = 1; seed <= 3_000; seed++) {
      const random = randomOf(seed);
      for (const { kind } of receivedOf(pieces(random, bytesAt(random, random.below(200)), 3))) kinds.add(kind);
    }
    expect([...kinds].toSorted()).toEqual(expect.arrayContaining(["binary", "close", "ping", "wrong"]));
  });
});

describe("a frame of ours", () => {
  it.each(SIZES)("of %i bytes is masked, and has its length in the shortest form", (size) => {
    const random = randomOf(size + 1);
    const payload = bytesAt(random, size);
    const mask = bytesAt(random, 4);
    const bytes = encodeFrame({ fin: true, opcode: OPCODE.text, payload }, mask);
    const head = served({ fin: true, opcode: OPCODE.text, payload }).subarray(0, bytes.length - 4 - size);
    expect(bytes[0]).toBe(0x81);
    expect(bytes[1]).toBe((head[1] ?? 0) | 0x80);
    expect(bytes.subarray(2, head.length)).toEqual(head.subarray(2));
    expect(bytes.subarray(head.length, head.length + 4)).toEqual(mask);
    expect(bytes.subarray(head.length + 4).map((byte, index) => byte ^ (mask[index % 4] ?? 0))).toEqual(payload);
  });
});

describe("a frame of a server", () => {
  const frame = (...bytes: number[]) => decodeFrame(Uint8Array.from(bytes), LIMIT);
  it.each(SIZES)("of %i bytes is read, and nothing is read before all of it has come", (size) => {
    const payload = bytesAt(randomOf(size + 1), size);
    const bytes = served({ fin: true, opcode: OPCODE.binary, payload });
    expect(decodeFrame(joined(bytes, [1, 2, 3]), LIMIT)).toEqual({
      kind: "frame",
      size: bytes.length,
      frame: { fin: true, opcode: OPCODE.binary, payload },
    });
    expect(decodeFrame(bytes.subarray(0, -1), LIMIT)).toEqual({ kind: "more" });
  });

  it.each<[string, number[], RegExp]>([
    ["a length in two bytes that one has room for", [0x82, 126, 0, 125], /shortest form/],
    ["a length in eight bytes that two have room for", [0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff], /shortest form/],
    ["more than the limit", [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 1], /^the message is larger than 64 KiB$/],
    ["the largest length of all", [0x82, 127, ...Array<number>(8).fill(0xff)], /larger than 64 KiB/],
  ])("with %s is refused before its payload comes", (_what, bytes, words) => {
    expect(frame(...bytes)).toMatchObject({ kind: "wrong", words: expect.stringMatching(words) });
  });
});

it("a close tells its code and its reason, if it has them", () => {
  const close = (...payload: number[]) =>
    new Messages(LIMIT).take({ fin: true, opcode: OPCODE.close, payload: Uint8Array.from(payload) });
  expect(close()).toEqual({ kind: "close", code: 1005, reason: "" });
  expect(close(0x03, 0xe8)).toEqual({ kind: "close", code: 1000, reason: "" });
  expect(close(0x03, 0xf3, 0x62, 0x79, 0x65)).toEqual({ kind: "close", code: 1011, reason: "bye" });
});
