import { expect, it } from "vitest";
import { Lateness } from "../../src/probes/lateness.ts";

/** A clock that stands in the test's hand: `pass` runs what is due. */
function byHand() {
  let now = 0;
  let due: { at: number; go: () => void } | null = null;
  return {
    now: () => now,
    platformTime: (at: number) => at,
    fromPlatform: (at: number) => at,
    wait: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((go, stop) => {
        due = { at: now + ms, go };
        signal?.addEventListener("abort", () => stop(new Error("aborted")));
      }),
    /** Time passes in which nothing runs. */
    stand(ms: number) {
      now += ms;
    },
    async pass(ms: number) {
      now += ms;
      if (due !== null && due.at <= now) due.go();
      await new Promise((resolve) => setTimeout(resolve, 0));
    },
  };
}

it("time during which no timer ran is late, from the last one that did", async () => {
  const clock = byHand();
  const lateness = new Lateness(clock);
  const { promise, resolve } = Promise.withResolvers<void>();
  const running = lateness.during(() => promise);
  await clock.pass(100);
  await clock.pass(100);
  expect(lateness.within(0, 200)).toBe(0);
  await clock.pass(2_000);
  expect(lateness.within(0, 2_200)).toBe(2_000);
  expect(lateness.within(1_200, 1_700)).toBe(500);
  await clock.pass(110);
  expect(lateness.within(2_200, 2_310)).toBe(0);
  resolve();
  await running;
});

it("what goes on after a standstill before the timer does knows of it", async () => {
  const clock = byHand();
  const lateness = new Lateness(clock);
  await lateness.during(async () => {
    clock.stand(5_000);
    expect(lateness.within(0, 5_000)).toBe(5_000);
  });
});

it("time in which nothing is looked at is not late", async () => {
  const clock = byHand();
  const lateness = new Lateness(clock);
  await lateness.during(async () => {});
  await clock.pass(60_000);
  await lateness.during(async () => {
    expect(lateness.within(0, 60_000)).toBe(0);
  });
});

it("a clock that is ahead has the same standstills, later", async () => {
  const clock = byHand();
  const lateness = new Lateness(clock);
  const ahead = lateness.aheadBy(3_600_000);
  await ahead.during(async () => {
    clock.stand(5_000);
    expect(ahead.within(3_600_000, 3_605_000)).toBe(5_000);
    expect(ahead.within(0, 5_000)).toBe(0);
  });
});
