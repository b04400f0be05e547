import { describe, expect, test } from "vitest";
import { hostOf, instanceOf, parseInstance, waitForName } from "../../../src/core/agent/agent-instance.ts";
import { AGENT_HOLDS_NAME_MS } from "../../../src/core/time/durations.ts";
import { T0 } from "../fixtures.ts";

const ID = "0123456789abcdef";
const first = instanceOf(ID, "m1");
const second = instanceOf("fedcba9876543210", "m2");

describe("an agent's name", () => {
  test.each<[string, Parameters<typeof waitForName>[0], Parameters<typeof waitForName>[1], number]>([
    ["nobody has", { instance: null, last_seen_at: T0 }, { instance: second, takesOver: false }, 0],
    ["the same process has", { instance: first, last_seen_at: T0 }, { instance: first, takesOver: false }, 0],
    [
      "another process has",
      { instance: first, last_seen_at: T0 - 1_000 },
      { instance: second, takesOver: false },
      59_000,
    ],
    [
      "another one has, asked by an old agent",
      { instance: first, last_seen_at: T0 },
      { instance: null, takesOver: false },
      60_000,
    ],
    ["another process is asked for", { instance: first, last_seen_at: T0 }, { instance: second, takesOver: true }, 0],
    ["a silent process had", { instance: first, last_seen_at: T0 - 60_000 }, { instance: second, takesOver: false }, 0],
    [
      "one had that was never heard of",
      { instance: first, last_seen_at: null },
      { instance: second, takesOver: false },
      0,
    ],
    [
      "a clock that was ahead has marked",
      { instance: first, last_seen_at: T0 + 9e9 },
      { instance: second, takesOver: false },
      0,
    ],
  ])("that %s is waited for %#", (_, holder, caller, wait) => {
    expect(waitForName(holder, caller, T0)).toBe(wait);
    expect(wait).toBeLessThanOrEqual(AGENT_HOLDS_NAME_MS);
  });

  test("belongs to a state folder on a machine, so a copy of the folder elsewhere is another process", () => {
    expect(instanceOf(ID, "m2")).not.toBe(first);
    expect([hostOf(first), hostOf(second), hostOf(null)]).toEqual(["m1", "m2", null]);
  });

  test.each(["maschine-ü", "", "x".repeat(400), "two words"])("is told in a header for the machine %j too", (host) => {
    expect(parseInstance(instanceOf(ID, host))).toBe(instanceOf(ID, host));
  });

  test.each([undefined, "", ID, `${ID} `, "short m1", `${ID} a b`, `${ID} ${"x".repeat(256)}`])(
    "is not told by %j",
    (header) => {
      expect(parseInstance(header)).toBeNull();
    },
  );
});
