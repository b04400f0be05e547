/** Targets that never come to an end cost a check only so much. */
import { describe, expect, it } from "vitest";
import { readText } from "../../src/probes/http-body.ts";
import { requestOverSocket } from "../../src/probes/http-over-socket.ts";
import type { ProbeJob, ProbeSocket } from "../../src/probes/probe.ts";
import { contextWith } from "./run-check.ts";

const KIB = 1_024;
const MAX_BODY_BYTES = 1_024 * KIB;

/** A target that says `first` and then `again` for ever, and a count of what was read of it. */
function endless(first: string, again: string) {
  const encoder = new TextEncoder();
  const counted = { bytes: 0 };
  const many = encoder.encode(again.repeat(Math.ceil(KIB / again.length)));
  let next = encoder.encode(first);
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

it("a body in small chunks is read", async () => {
  const { socket } = endless(`${OK}${"4;a=b\r\nword\r\n".repeat(20_000)}0\r\n\r\n`, "x");
  expect(await ask(socket)).toBe("word".repeat(20_000));
});
