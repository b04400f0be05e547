import { expect, test } from "vitest";
import { HubClock } from "../../src/agent/hub-clock.ts";
import { Lateness } from "../../src/probes/lateness.ts";

test("a clock that is wrong follows the hub's, and does not jump with each answer", () => {
  let local = 1_000_000;
  const clock = new HubClock(() => local);
  expect(clock.now()).toBe(1_000_000);
  clock.heard(4_600_050, 1_000_000, 1_000_100); // an hour behind, the answer took 100 ms
  expect(clock.now()).toBe(4_600_000);
  expect(clock.heard(4_600_350, 1_000_200, 1_000_300)).toBe(0);
  expect(clock.now()).toBe(4_600_000);
  clock.heard(4_700_000, 1_060_000, 1_120_000); // a slow answer tells little
  expect(clock.now()).toBe(4_600_000);
  local = 2_000_000;
  expect(clock.heard(2_000_010, 2_000_000, 2_000_020)).toBe(-3_600_000); // the machine's clock was set right
  expect(clock.now()).toBe(2_000_000);
});

test("a jump of the hub's time during a look is no standstill, and the look keeps the time that it began with", async () => {
  let local = 1_000_000;
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const same = (at: number) => at;
  const lateness = new Lateness({ now: () => local, wait: () => over, platformTime: same, fromPlatform: same });
  const clock = new HubClock(() => local);
  const look = clock.forOneLook(lateness);
  await look.lateness.during(async () => {
    local += 40;
    clock.heard(4_600_040, local, local);
    expect(clock.now()).toBe(4_600_040);
    expect(look.now()).toBe(1_000_040);
    expect(look.lateness.within(1_000_000, look.now())).toBe(0);
    expect(clock.forOneLook(lateness).lateness.within(4_600_000, clock.now())).toBe(0);
  });
  end();
});
