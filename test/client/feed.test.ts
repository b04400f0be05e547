import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Feed, type FeedState, retryDelay, startFeed } from "../../src/client/feed.ts";
import { parseFrame } from "../../src/client/frames.ts";
import type { Frame } from "../../src/core/board/live-protocol.ts";

class FakeSocket extends EventTarget {
  readonly since: number | null;
  readonly sent: string[] = [];
  closed = false;

  constructor(since: number | null) {
    super();
    this.since = since;
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.closed = true;
  }

  opens(): void {
    this.dispatchEvent(new Event("open"));
  }

  says(data: unknown): void {
    this.dispatchEvent(
      Object.assign(new Event("message"), { data: typeof data === "string" ? data : JSON.stringify(data) }),
    );
  }

  breaks(): void {
    this.dispatchEvent(new Event("close"));
  }
}

let sockets: FakeSocket[];
let states: FeedState[];
let frames: Frame[];
let feed: Feed;
const newest = () => sockets.at(-1) ?? new FakeSocket(null);

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  states = [];
  frames = [];
  feed = startFeed({
    open(since) {
      const socket = new FakeSocket(since);
      sockets.push(socket);
      return socket as unknown as WebSocket; // what the feed uses of one
    },
    parse: parseFrame,
    now: Date.now,
    random: () => 0,
    onFrame: (frame) => frames.push(frame),
    onState: (state) => states.push(state),
  });
});
afterEach(() => {
  feed.stop();
  vi.useRealTimers();
});

describe("the feed", () => {
  test("comes back with the seq that it heard last, so that nothing is missed", () => {
    newest().opens();
    newest().says({ type: "snapshot", at: "", seq: 41, services: [] });
    newest().says({ type: "health", at: "", seq: 42, services: [] });
    newest().breaks();
    expect(states.at(-1)?.phase).toBe("lost");
    vi.advanceTimersByTime(500);
    expect(sockets.map(({ since }) => since)).toEqual([null, 42]);
    newest().opens();
    expect(states.at(-1)?.phase).toBe("live");
    expect(frames.map(({ seq }) => seq)).toEqual([41, 42]);
  });

  test("says at once that the first frame of a connection has arrived, and then only now and then", () => {
    newest().opens();
    newest().says({ type: "snapshot", at: "", seq: 41, services: [] });
    newest().says({ type: "health", at: "", seq: 42, services: [] });
    expect(newest().sent).toEqual(["ping"]);
    newest().breaks();
    vi.advanceTimersByTime(500);
    newest().opens();
    newest().says({ type: "health", at: "", seq: 43, services: [] });
    expect(newest().sent).toEqual(["ping"]);
  });

  test("waits longer after each failure, and from the start again after a success", () => {
    const waits: number[] = [];
    for (let failure = 0; failure < 7; failure += 1) {
      newest().breaks();
      const state = states.at(-1);
      if (state?.phase === "lost") waits.push(state.retry_at - Date.now());
      vi.advanceTimersByTime(15_000);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    newest().opens();
    newest().breaks();
    vi.advanceTimersByTime(500);
    expect(sockets).toHaveLength(9);
  });

  test("says since when what is shown is old: the last word that was heard", () => {
    newest().opens();
    vi.advanceTimersByTime(3_000);
    newest().says({ type: "health", at: "", seq: 1, services: [] });
    const heard = Date.now();
    vi.advanceTimersByTime(4_000);
    newest().breaks();
    expect(states.at(-1)).toMatchObject({ phase: "lost", since: heard });
  });

  test("takes a socket that has gone silent for a lost one", () => {
    newest().opens();
    vi.advanceTimersByTime(20_000);
    expect(newest().sent).toEqual(["ping"]);
    newest().says("pong");
    vi.advanceTimersByTime(40_000);
    expect(states.at(-1)?.phase).toBe("live");
    vi.advanceTimersByTime(20_000);
    expect(sockets[0]?.closed).toBe(true);
    vi.advanceTimersByTime(500);
    expect(sockets.length).toBeGreaterThan(1);
  });

  test("takes a socket that does not open for a lost one", () => {
    vi.advanceTimersByTime(45_000);
    expect(states.at(-1)?.phase).toBe("lost");
    expect(sockets[0]?.closed).toBe(true);
  });

  test("tries at once when asked to, and not twice", () => {
    newest().breaks();
    feed.retry();
    feed.retry();
    expect(sockets).toHaveLength(2);
    vi.advanceTimersByTime(30_000);
    expect(sockets).toHaveLength(2);
  });

  test("does not come back once it is stopped", () => {
    newest().opens();
    feed.stop();
    newest().breaks();
    vi.advanceTimersByTime(60_000);
    expect(sockets).toHaveLength(1);
    expect(newest().closed).toBe(true);
  });

  test("passes over what it does not understand", () => {
    newest().opens();
    for (const text of ["pong", "not json", "null", "[]", '{"type":"news","seq":1}', '{"type":"flip"}'])
      newest().says(text);
    expect(frames).toEqual([]);
  });
});

test("many clients don't come back at the same instant", () => {
  expect(retryDelay(3, 0)).toBe(2_000);
  expect(retryDelay(3, 1)).toBe(1_400);
});

test("a frame is read from its text", () => {
  expect(parseFrame('{"type":"health","seq":3,"at":"","services":[]}')).toEqual({
    type: "health",
    seq: 3,
    at: "",
    services: [],
  });
});
