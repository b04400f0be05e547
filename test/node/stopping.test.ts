import { EventEmitter } from "node:events";
import { createServer } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { claimPort, PortUnavailableError } from "../../src/cli/start/port.ts";
import { parentEnded } from "../../src/node/parent-process.ts";
import { stopSignal } from "../../src/node/signals.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("the wish to stop", () => {
  test("comes with the first signal, and one that arrives twice at once is one wish", async () => {
    const source = new EventEmitter();
    const force = vi.fn();
    const stopped = stopSignal(source, () => 5_000, force);
    source.emit("SIGINT");
    source.emit("SIGINT");
    await stopped;
    expect(force).not.toHaveBeenCalled();
  });

  test("forces when it is repeated", async () => {
    const source = new EventEmitter();
    const force = vi.fn();
    const times = [0, 0, 1_500];
    const stopped = stopSignal(source, () => times.shift() ?? 9_000, force);
    source.emit("SIGTERM");
    source.emit("SIGHUP");
    await stopped;
    expect(force).toHaveBeenCalledOnce();
  });

  test("comes when the process that started the hub is gone", async () => {
    vi.useFakeTimers();
    const ended = vi.fn();
    let parent = 100;
    void parentEnded(() => parent).then(ended); // it never rejects
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ended).not.toHaveBeenCalled();
    parent = 1;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ended).toHaveBeenCalledOnce();
  });
});

describe("the port", () => {
  test("0 gives one that is free", async () => {
    const port = await claimPort(0, "127.0.0.1");
    expect(port).toBeGreaterThan(0);
    expect(await claimPort(port, "127.0.0.1")).toBe(port);
  });

  test("that another program has is refused", async () => {
    const other = createServer();
    const port = await claimPort(0, "127.0.0.1");
    await new Promise<void>((listening) => other.listen(port, "127.0.0.1", listening));
    await expect(claimPort(port, "127.0.0.1")).rejects.toThrow(PortUnavailableError);
    await expect(claimPort(port, "127.0.0.1")).rejects.toThrow(`port ${port} is taken`);
    await new Promise((closed) => other.close(closed));
  });

  test("on an address that is not this machine's is refused", async () => {
    await expect(claimPort(0, "192.0.2.1")).rejects.toThrow("can't listen on 192.0.2.1:0");
  });
});
