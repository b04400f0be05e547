/** The reader of DNS messages is given whatever bytes there may be. */
import { describe, expect, it } from "vitest";
import { canonicalName, canonicalRecord, RECORD_TYPE_NAMES, RECORD_TYPES } from "../../src/core/service/dns-records.ts";
import { joined, uint, vector } from "../../src/probes/bytes.ts";
import { dnsQuery, readDnsAnswer } from "../../src/probes/dns-message.ts";
import { MessageReader } from "../../src/probes/dns-reader.ts";
import { randomOf } from "../random.ts";

const A = RECORD_TYPES.A;
const ascii = (text: string) => new TextEncoder().encode(text);
const wire = (name: string) => joined(...name.split(".").map((label) => vector(1, ascii(label))), [0]);

/** An answer to a question with these records, of which there are said to be `count`. */
function answer(name: Uint8Array, records: Uint8Array[], { count = records.length, flags = 0x8180 } = {}) {
  const counts = [1, count, 0, 0].map((each) => uint(each, 2));
  return joined(uint(7, 2), uint(flags, 2), ...counts, name, uint(A, 2), uint(1, 2), ...records);
}

function record(type: number, data: ArrayLike<number>, name: ArrayLike<number> = [0xc0, 12]) {
  return joined(name, uint(type, 2), uint(1, 2), uint(300, 4), vector(2, data));
}

describe("a question", () => {
  it("is made of the name, the type, and what the resolver should tell", () => {
    const bytes = dnsQuery(0x1234, { name: "a.example", type: RECORD_TYPES.MX }, true);
    const [header, name] = ["1234 0120 0001 0000 0000 0001", "01 61 07 6578616d706c65 00 000f 0001"];
    const expected = `${header} ${name} 00 0029 04d0 00008000 0000`.replaceAll(" ", "");
    expect([...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")).toBe(expected);
    expect(dnsQuery(0, { name: ".", type: RECORD_TYPES.NS }, true).slice(12, 17)).toEqual(Uint8Array.of(0, 0, 2, 0, 1));
  });

  it("may do without EDNS, and then asks for nothing that needs it", () => {
    const bytes = dnsQuery(0x1234, { name: "a.example", type: A }, false);
    expect([...bytes.subarray(0, 12)]).toEqual([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    expect(bytes).toHaveLength(12 + wire("a.example").length + 4);
  });
});

describe("an answer", () => {
  it("has a text whose letters may begin in one part and end in the next", () => {
    const [first, second] = [ascii("ü").subarray(0, 1), joined(ascii("ü").subarray(1), ascii("b"))];
    const bytes = answer(wire("x.test"), [record(RECORD_TYPES.TXT, joined(vector(1, first), vector(1, second)))]);
    expect(readDnsAnswer(bytes)?.records[0]?.text).toBe("üb");
  });

  it("has texts that are those of checks, for each type", () => {
    const host = joined(vector(1, ascii("H")), [0xc0, 12]); // h.<the question's name>
    const of: Record<string, [ArrayLike<number>, string]> = {
      A: [[192, 0, 2, 1], "192.0.2.1"],
      AAAA: [[0x20, 1, 0xd, 0xb8, ...Array.from({ length: 11 }, () => 0), 1], "2001:db8::1"],
      CNAME: [host, "h.x.test"],
      NS: [host, "h.x.test"],
      PTR: [host, "h.x.test"],
      MX: [joined(uint(10, 2), host), "10 h.x.test"],
      SRV: [joined(uint(1, 2), uint(2, 2), uint(65_535, 2), host), "1 2 65535 h.x.test"],
      SOA: [joined(host, [0], ...[1, 2, 3, 4, 2 ** 32 - 1].map((n) => uint(n, 4))), "h.x.test . 1 2 3 4 4294967295"],
      TXT: [joined(vector(1, ascii("a b")), vector(1), vector(1, ascii("ü"))), "a bü"],
      CAA: [joined([128], vector(1, ascii("Issue")), ascii("ca.example")), '128 issue "ca.example"'],
    };
    for (const type of RECORD_TYPE_NAMES) {
      const [data, text] = of[type] ?? [[], "no sample"];
      const found = readDnsAnswer(answer(wire("x.test"), [record(RECORD_TYPES[type], data)]));
      expect(found?.records).toEqual([{ name: "x.test", type: RECORD_TYPES[type], ttl: 300, text }]);
      expect(canonicalRecord(type, text)).toBe(text);
    }
  });

  it("has names in lower case, of 255 bytes at most, in which other signs are escaped", () => {
    const label = "l".repeat(63);
    const longest = [label, label, label, "l".repeat(61)].join(".");
    expect(longest).toHaveLength(253);
    expect(canonicalName(longest)).toBe(longest);
    expect(canonicalName(`${longest}l`)).toBeNull();
    expect(readDnsAnswer(answer(wire(longest), []))?.question?.name).toBe(longest);
    expect(readDnsAnswer(answer(wire(`${longest}l`), []))).toBeNull();
    // The same by a pointer: a letter more than a name may have.
    expect(readDnsAnswer(answer(wire(longest), [record(A, [1, 2, 3, 4], [1, 0x61, 0xc0, 12])]))).toBeNull();
    const odd = joined(vector(1, ascii("A.b")), vector(1, [0, 0x5c, 0xff]), [0]);
    expect(readDnsAnswer(answer(odd, []))?.question?.name).toBe("a\\.b.\\000\\\\\\255");
  });

  it("is none when a pointer leads to itself, ahead, round, or on and on", () => {
    const question = wire("x.test");
    const start = 12 + question.length + 4;
    const pointer = (to: number) => uint(0xc000 + to, 2);
    for (const name of [pointer(start), pointer(start + 2), pointer(0x3fff), joined([1, 0x61], pointer(start))]) {
      expect(readDnsAnswer(answer(question, [record(A, [1, 2, 3, 4], name)]))).toBeNull();
    }
    // The data of a first record is a chain of pointers, each to the one before, which ends at the question.
    const chain = (links: number) => {
      const data = Array.from({ length: links }, (_none, at) => pointer(at === 0 ? 12 : start + 12 + 2 * (at - 1)));
      const last = start + 12 + 2 * (links - 1);
      return answer(question, [record(0xff00, joined(...data)), record(A, [1, 2, 3, 4], pointer(last))]);
    };
    expect(readDnsAnswer(chain(100))?.records[1]?.name).toBe("x.test");
    expect(readDnsAnswer(chain(5_000))).toBeNull();
  });

  it("is none when a length or a number of records lies", () => {
    const good = answer(wire("x.test"), [record(A, [1, 2, 3, 4]), record(A, [1, 2, 3, 5])]);
    expect(readDnsAnswer(good)?.records).toHaveLength(2);
    for (let size = 0; size < good.length; size++) expect(readDnsAnswer(good.subarray(0, size))).toBeNull();
    for (const count of [3, 65_535]) {
      expect(readDnsAnswer(answer(wire("x.test"), [record(A, [1, 2, 3, 4])], { count }))).toBeNull();
    }
    for (const data of [[], [1, 2, 3], [1, 2, 3, 4, 5]]) {
      expect(readDnsAnswer(answer(wire("x.test"), [record(A, data)]))).toBeNull();
    }
    for (const [type, data] of [
      [RECORD_TYPES.TXT, [5, 0x61]],
      [RECORD_TYPES.CAA, [0, 200, 0x61]],
      [RECORD_TYPES.CNAME, [0xc0, 12, 0]],
      [RECORD_TYPES.MX, [0]],
    ] as const) {
      const next = record(A, [1, 2, 3, 4]); // from which nothing may be taken
      expect(readDnsAnswer(answer(wire("x.test"), [record(type, data), next]))).toBeNull();
    }
  });

  it("has names whose parts are read once, however many point to them", () => {
    const question = wire("x.test");
    const start = 12 + question.length + 4 + 12;
    const pointer = (to: number) => uint(0xc000 + to, 2);
    // Chains of 127 pointers each, all of which end at the question, and records that point to the ends in turn.
    const chains = Array.from({ length: 20 }, (_none, chain) => start + chain * 252);
    const links = chains.flatMap((chain) =>
      Array.from({ length: 126 }, (_, at) => (at === 0 ? 12 : chain + 2 * at - 2)),
    );
    const ends = Array.from({ length: 3_700 }, (_none, at) => pointer((chains[at % 20] ?? 0) + 250));
    const records = ends.map((name) => record(A, [1, 2, 3, 4], name));
    const bytes = answer(question, [record(0xff00, joined(...links.map(pointer))), ...records]);
    expect(bytes.length).toBeGreaterThan(63_000);
    const found = readDnsAnswer(bytes)?.records.slice(1) ?? [];
    expect(found).toHaveLength(3_700);
    expect(new Set(found.map(({ name }) => name))).toEqual(new Set(["x.test"]));
    const reader = new MessageReader(bytes);
    for (let at = start + 2 * links.length; at < bytes.length; at += 16) {
      reader.at = at;
      reader.name();
    }
    expect(reader.looks).toBeLessThan(bytes.length);
  });

  it("has names that may begin at any byte of another, and those are read once, too", () => {
    const overlapping = joined(...Array.from({ length: 64 }, () => [...Array.from({ length: 252 }, () => 1), 0, 0]));
    const pointers = Array.from(overlapping, (_byte, at) => uint(0xc000 + at, 2));
    const reader = new MessageReader(joined(overlapping, ...pointers));
    reader.at = overlapping.length;
    while (reader.left > 0) reader.name();
    expect(reader.looks).toBeLessThan(2 * (overlapping.length + 2 * pointers.length));
  });

  it("of 64 KiB is read whole", () => {
    const question = wire(Array.from({ length: 120 }, () => "a").join("."));
    const many = Array.from({ length: 4_000 }, () => record(A, [1, 2, 3, 4]));
    const bytes = answer(question, many);
    expect(bytes.length).toBeGreaterThan(63_000);
    expect(readDnsAnswer(bytes)?.records).toHaveLength(4_000);
  });

  it("that is changed at random, or is nothing but random bytes, is read or refused, and never fails", () => {
    const random = randomOf(20_26);
    const good = answer(wire("www.x.test"), [
      record(RECORD_TYPES.MX, joined(uint(10, 2), [1, 0x6d, 0xc0, 12])),
      record(RECORD_TYPES.TXT, vector(1, ascii("text"))),
      record(A, [1, 2, 3, 4]),
    ]);
    let read = 0;
    for (let round = 0; round < 20_000; round++) {
      const bytes = round % 4 === 0 ? new Uint8Array(random.below(80)).map(() => random.below(256)) : good.slice();
      for (let changes = random.below(4); changes > 0; changes--) bytes[random.below(bytes.length)] = random.below(256);
      const found = readDnsAnswer(
        bytes.subarray(0, random.below(3) === 0 ? random.below(bytes.length + 1) : bytes.length),
      );
      if (found === null) continue;
      read += 1;
      for (const { name, ttl } of found.records) {
        expect(name.length).toBeLessThanOrEqual(4 * 255);
        expect(ttl).toBeLessThan(2 ** 31);
      }
    }
    expect(read).toBeGreaterThan(1_000);
    expect(read).toBeLessThan(19_000);
  });
});
