/** What a resolver that lies sends over TCP, by the kind of lie. */
import { joined, uint, vector } from "../../src/probes/bytes.ts";

export interface Asked {
  /** Two bytes. */
  id: Uint8Array;
  /** Its bytes: name, type and class. */
  question: Uint8Array;
  hasOpt: boolean;
}

type Bytes = ArrayLike<number>;

interface Message {
  flags?: number;
  counts?: number[];
  records?: Bytes[];
}

/** Of a message. */
const HEADER_BYTES = 12;
const NAME_OF_QUESTION = [0xc0, HEADER_BYTES];
const [A, CNAME] = [1, 5];
const ADDRESS = [192, 0, 2, 1];
const ascii = (text: string) => new TextEncoder().encode(text);
const OTHER = joined(vector(1, ascii("other")), vector(1, ascii("test")), [0]);
/** `upper`: bits of the response code. */
const opt = (upper: number, ...options: Bytes[]) =>
  joined([0], uint(41, 2), uint(1_232, 2), [upper, 0, 0, 0], vector(2, ...options));
/** Code 6: DNSSEC bogus. */
const REASON = opt(0, uint(15, 2), vector(2, [0, 6], ascii("late")));

function message(
  { id, question }: Pick<Asked, "id" | "question">,
  { flags = 0x8180, counts = [1, 1, 0, 0], records = [record()] }: Message = {},
) {
  return joined(id, uint(flags, 2), ...counts.map((count) => uint(count, 2)), question, ...records);
}

function record({ name = NAME_OF_QUESTION as Bytes, type = A, data = ADDRESS as Bytes, length = -1 } = {}) {
  return joined(name, uint(type, 2), uint(1, 2), uint(60, 4), uint(length < 0 ? data.length : length, 2), data);
}

function sized(bytes: Uint8Array, length = bytes.length) {
  return joined(uint(length, 2), bytes);
}

const NOTHING = { counts: [0, 0, 0, 0], records: [] };
const ONLY_OPT = [1, 0, 0, 1];
/** The bit AD is set as well, as by a server that copies what it does not know. */
const COPIED = { flags: 0x81a0 };
const EMPTY = new Uint8Array(0);

/** What is sent; null: nothing, and the connection stays open. */
export const LIES = {
  honest: (asked) => sized(message(asked)),
  silent: () => null,
  "other-id": (asked) => sized(message({ ...asked, id: asked.id.map((byte) => byte ^ 0xff) })),
  "other-name": (asked) => sized(message({ ...asked, question: joined(OTHER, uint(A, 2), uint(1, 2)) })),
  "other-type": ({ id, question }) =>
    sized(message({ id, question: joined(question.subarray(0, -4), uint(28, 2), uint(1, 2)) })),
  "no-question": ({ id }) => sized(message({ id, question: EMPTY }, NOTHING)),
  "refused-briefly": ({ id }) => sized(message({ id, question: EMPTY }, { ...NOTHING, flags: 0x8185 })),
  truncated: (asked) => sized(message(asked, { flags: 0x8380 })),
  "own-question": (asked) => sized(message(asked, { flags: 0x0100 })),
  "odd-code": (asked) => sized(message(asked, { flags: 0x818b, counts: [1, 0, 0, 0], records: [] })),
  bogus: (asked) => sized(message(asked, { flags: 0x8182, counts: [1, 0, 0, 1], records: [REASON] })),
  "no-edns": (asked) =>
    sized(
      asked.hasOpt ? message({ ...asked, question: EMPTY }, { ...NOTHING, flags: 0x8181 }) : message(asked, COPIED),
    ),
  "edns-not-implemented": (asked) =>
    sized(asked.hasOpt ? message(asked, { flags: 0x8184, counts: [1, 0, 0, 0], records: [] }) : message(asked, COPIED)),
  "other-edns": (asked) =>
    sized(asked.hasOpt ? message(asked, { counts: ONLY_OPT, records: [opt(1)] }) : message(asked, COPIED)),
  "formerr-with-edns": (asked) => sized(message(asked, { flags: 0x8181, counts: ONLY_OPT, records: [opt(0)] })),
  "formerr-always": (asked) => sized(message(asked, { flags: 0x8181, counts: [1, 0, 0, 0], records: [] })),
  "bad-cookie": (asked) => sized(message(asked, { flags: 0x8187, counts: ONLY_OPT, records: [opt(1)] })),
  "highest-code": (asked) => sized(message(asked, { flags: 0x818f, counts: ONLY_OPT, records: [opt(255)] })),
  "alias-of-nothing": (asked) =>
    sized(message(asked, { flags: 0x8183, records: [record({ type: CNAME, data: OTHER })] })),
  "missing-and-there": (asked) => sized(message(asked, { flags: 0x8183 })),
  "lost-once": (asked) => sized(message(asked)),
  "of-another": (asked) => sized(message(asked, { records: [record({ name: OTHER })] })),
  "alias-round": (asked) => sized(message(asked, { records: [record({ type: CNAME, data: NAME_OF_QUESTION })] })),
  "pointer-to-itself": (asked) => {
    const at = HEADER_BYTES + asked.question.length;
    return sized(message(asked, { records: [record({ name: uint(0xc000 + at, 2) })] }));
  },
  "pointer-ahead": (asked) => sized(message(asked, { records: [record({ name: [0xff, 0xff] })] })),
  "many-records": (asked) => sized(message(asked, { counts: [1, 65_535, 65_535, 65_535] })),
  "long-data": (asked) => sized(message(asked, { records: [record({ length: 60_000 })] })),
  "short-data": (asked) => sized(message(asked, { records: [record({ length: 2 })] })),
  "long-message": (asked) => sized(message(asked), 65_535),
  "endless-message": (asked) => sized(message(asked), 65_535),
  "short-message": (asked) => sized(message(asked), 11),
  "large-message": (asked) =>
    sized(message(asked, { counts: [1, 4_000, 0, 0], records: Array.from({ length: 4_000 }, () => record()) })),
  web: () => ascii("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"),
} satisfies Record<string, (asked: Asked) => Uint8Array | null>;

export type Lie = keyof typeof LIES;
