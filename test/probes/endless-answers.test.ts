/** Targets that never come to an end cost a check only so much. */
import { describe, expect, it } from "vitest";
import { joined, uint, vector } from "../../src/probes/bytes.ts";
import { readText } from "../../src/probes/http-body.ts";
import { requestOverSocket } from "../../src/probes/http-over-socket.ts";
import { redirected } from "../../src/probes/http-request.ts";
import type { ProbeJob, ProbeSocket } from "../../src/probes/probe.ts";
import { lookAtTls } from "../../src/probes/tls-look.ts";
import { HANDSHAKE, RECORD, TLS_1_2 } from "../../src/probes/tls-messages.ts";
import { MAX_CHAIN } from "../../src/probes/tls-records.ts";
import { contextWith } from "./run-check.ts";

const KIB = 1_024;
const MAX_BODY_BYTES = 1_024 * KIB;

/** A target that says `first` and then `again` for ever, and a count of what was read of it. */
function endless(first: string | Uint8Array, again: string) {
  const encoder = new TextEncoder();
  const counted = { bytes: 0 };
  const many = encoder.encode(again.repeat(Math.ceil(KIB / again.length)));
  let next = typeof first === "string" ? encoder.encode(first) : first;
  const readable = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        counted.bytes += next.length;
        controller.enqueue(next);
        next = many;
      },
    },
    { highWaterMark: 0 },
  );
  const socket: ProbeSocket = {
    readable,
    writable: new WritableStream(),
    opened: Promise.resolve(),
    closed: new Promise(() => {}),
    close: async () => {},
    startTls: () => socket,
  };
  return { socket, counted };
}

function jobOf(socket: ProbeSocket): ProbeJob {
  const job: Partial<ProbeJob> = {
    target: { host: "target.example", port: 80, tls: false } as ProbeJob["target"],
    context: contextWith({ connect: () => socket }),
    seat: { until: () => {} },
    signal: new AbortController().signal,
    progress: {
      stage: "",
      handshaking: false,
      answered: false,
      endpoint: { host: "target.example", port: 80, tls: false },
    },
  };
  return job as ProbeJob;
}

async function ask(socket: ProbeSocket): Promise<string> {
  const request = { method: "GET", host: "target.example", path: "/", headers: new Headers(), body: undefined };
  const answer = await requestOverSocket(jobOf(socket), request, MAX_BODY_BYTES);
  return (await readText(answer, MAX_BODY_BYTES)).text;
}

const OK = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

describe("a target that never ends", () => {
  it.each([
    [
      "interim answers",
      "",
      "HTTP/1.1 100 Continue\r\n\r\n",
      2,
      "http: more than 32 interim answers came, and no final one",
    ],
    [
      "headers of interim answers",
      "",
      `HTTP/1.1 103 Early Hints\r\n${`Link: ${"x".repeat(KIB)}\r\n`.repeat(64)}\r\n`,
      1_300,
      "http: the answer's headers are larger than 1024 KiB",
    ],
    ["blank lines", "", "\r\n", 2, "http: the answer is not HTTP"],
    [
      "extensions of chunks",
      OK,
      `1;${"x".repeat(64 * KIB)}\r\nx\r\n`,
      700,
      "http: the lengths of the answer's chunks are larger than 512 KiB",
    ],
    ["chunks of one byte", OK, "1\r\nx\r\n", 700, "http: the lengths of the answer's chunks are larger than 512 KiB"],
  ])("in its %s is ended with words", async (_what, first, again, maxKib, words) => {
    const { socket, counted } = endless(first, again);
    await expect(ask(socket)).rejects.toMatchObject({ verdict: "fail", message: words });
    expect(counted.bytes).toBeLessThan(maxKib * KIB);
  });
});

describe("a body in small chunks", () => {
  const answerOf = (chunks: string, again = "x") => {
    const { socket } = endless(`${OK}${chunks}`, again);
    const request = { method: "GET", host: "target.example", path: "/", headers: new Headers(), body: undefined };
    return requestOverSocket(jobOf(socket), request, MAX_BODY_BYTES);
  };

  it("is read", async () => {
    const { socket } = endless(`${OK}${"4;a=b\r\nword\r\n".repeat(20_000)}0\r\n\r\n`, "x");
    expect(await ask(socket)).toBe("word".repeat(20_000));
  });

  it("is passed on in as few parts as it came in", async () => {
    const { body } = await answerOf(`${"1\r\nx\r\n".repeat(10_000)}0\r\n\r\n`);
    const sizes: number[] = [];
    for await (const part of body ?? []) sizes.push(part.length);
    expect(sizes).toEqual([10_000]);
  });

  it("is passed on before a mistake is told, and before more is waited for", async () => {
    for (const [rest, then] of [
      ["no length\r\n", "http: the answer's chunks can't be read"],
      ["5", "the answer is no line of the protocol"],
    ] as const) {
      const reader = (await answerOf(`2\r\nso\r\n4\r\nmany\r\n${rest}`)).body?.getReader();
      expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("somany");
      await expect(reader?.read()).rejects.toMatchObject({ message: then });
    }
  });
});

/** If each blank were looked at once for each blank before it, the first would take an hour, and the others minutes. */
describe("a long header", () => {
  const answer = (type: string) => ({
    status: 200,
    headers: new Headers({ "content-type": type }),
    body: new Response(Uint8Array.from([0xc4])).body,
    codings: [],
  });
  const MANY = KIB * KIB;

  it("that names no encoding after ever so many blanks is read", async () => {
    expect((await readText(answer(`text/plain;charset=${" ".repeat(MANY)}!`), KIB)).text).toBe("\ufffd");
  });

  it.each(['charset="koi8-r"', " charset = koi8-r", "charset='koi8-r'"])("names its encoding as %s", async (named) => {
    expect((await readText(answer(`text/plain;${named}`), KIB)).text).toBe("д");
  });

  it("that names another address in letters of all kinds is followed or refused", () => {
    const request = { url: new URL("http://a.example/"), method: "GET", headers: new Headers(), body: undefined };
    const { socket } = endless("", "x");
    const go = (location: string) => redirected(request, 302, location, jobOf(socket)).url.pathname;
    expect(go("/\u00c3\u00a9")).toBe("/%C3%A9");
    expect(go("/\u00e9")).toBe("/%C3%A9");
    expect(go("/\u00e9\u20ac")).toBe("/%C3%A9%E2%82%AC");
    expect(() => go(`http:///${"\u00e9".repeat(MANY)}\u20ac`)).toThrow(/redirect/);
  });
});

it("a server that shows thousands of certificates shows no more than a real chain has", async () => {
  const message = (type: number, body: Uint8Array) => joined([type], vector(3, body));
  const hello = joined(uint(TLS_1_2, 2), new Uint8Array(32), vector(1), uint(0xc02f, 2), [0]);
  const none = new Uint8Array(15_000); // as many as a third of these, each without a byte
  const flight = joined(
    message(HANDSHAKE.serverHello, hello),
    message(HANDSHAKE.certificate, vector(3, none)),
    message(HANDSHAKE.serverHelloDone, new Uint8Array(0)),
  );
  const { socket } = endless(joined([RECORD.handshake], uint(TLS_1_2, 2), vector(2, flight)), "x");
  const found = await lookAtTls(jobOf(socket), "target.example", async () => {});
  expect(found).toMatchObject({ kind: "certificates", wantsCertificate: false });
  expect(found.kind === "certificates" && found.chain.length).toBe(MAX_CHAIN);
});
