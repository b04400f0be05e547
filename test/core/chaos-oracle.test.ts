/** The judge of the benchmark `chaos`, and its schedule. */
import { describe, expect, test } from "vitest";
import { blindSpans, type Disturbance, seenBy } from "../chaos/chaos-disturbances.ts";
import { type Answer, type Evidence, judge, type SeenFlip } from "../chaos/chaos-oracle.ts";
import { type ChaosOptions, type ChaosService, chaosPlan, detectionMs } from "../chaos/chaos-schedule.ts";

const HUB = "hub-a";
const SERVICE: ChaosService = {
  name: "api",
  eye: "hub",
  interval: 5,
  timeout: 2,
  retries: 1,
  slack: 2_000,
  degradedAbove: 0,
  inLane: true,
  outages: [{ from: 20_000, until: 40_000, way: "refuses" }],
  blips: [{ from: 60_000, until: 60_500, way: "refuses" }],
};
const FLIPS = flips(["up", -5_000], ["down", 24_000], ["up", 43_000]);
/** Down from 23 s to 43 s of 105 s. */
const UPTIME = 1 - 20 / 105;

function flips(...changes: (readonly [string, number])[]): SeenFlip[] {
  return changes.map(([to, at], index) => ({
    seq: index + 1,
    from: changes[index - 1]?.[0] ?? "unknown",
    to,
    at,
    began_at: at,
  }));
}

/** A check each 5 s, at 3 s, 8 s and so on. */
function answers(): Answer[] {
  return Array.from({ length: 19 }, (_, k) => 3_000 + k * 5_000).map((at) => ({ at, ok: at < 20_000 || at >= 40_000 }));
}

function seen(
  changed: {
    flips?: SeenFlip[];
    uptime?: number | null;
    kept?: string[];
    disturbances?: Disturbance[];
    eye?: ChaosService["eye"];
  } = {},
) {
  const own = changed.flips ?? FLIPS;
  const evidence: Evidence = {
    hub_id: HUB,
    watched: [
      {
        service: { ...SERVICE, eye: changed.eye ?? SERVICE.eye },
        id: 7,
        flips: own,
        answers: answers(),
        uptime: { part: changed.uptime === undefined ? UPTIME : changed.uptime, at: 100_000 },
      },
    ],
    disturbances: changed.disturbances ?? [],
    kept: changed.kept ?? [`${HUB}:7:registered-1`, ...own.map(({ seq }) => `${HUB}:7:${seq}`), `${HUB}:70:1`],
  };
  return judge(evidence);
}

const told = (...changed: Parameters<typeof seen>) =>
  seen(...changed).deviations.map((each) => `${each.expected}; ${each.seen}`);

describe("the oracle", () => {
  test("has nothing to say of a hub that is right", () => {
    expect(seen()).toMatchObject({ deviations: [], outages: 1, blips: 1, undecided: 0, unknowns: 0 });
    expect(seen().slowest).toEqual({ down: 4_000, up: 3_000 });
  });

  test.each([
    ["an outage that was not seen", flips(["up", -5_000]), /^down by 28\.2 s .*; no flip; 1 retries, asked at 23\.0 s/],
    [
      "one that was seen late",
      flips(["up", -5_000], ["down", 30_000], ["up", 43_000]),
      /^down by 28\.2 s .*at 30\.0 s; 1 retries, asked at 23\.0 s/,
    ],
    ["an end that was not seen", flips(["up", -5_000], ["down", 24_000]), /^up by 49\.0 s .*; no such flip$/],
    ["an end before its time", flips(["up", -5_000], ["down", 24_000], ["up", 35_000]), /^up by 49\.0 s .*at 35\.0 s$/],
    [
      "a blip that was not forgiven",
      flips(["up", -5_000], ["down", 24_000], ["up", 43_000], ["down", 61_000], ["up", 63_000]),
      /^no flip; flip 4 up → down at 61\.0 s$/,
    ],
    [
      "an outage in two pieces",
      flips(["up", -5_000], ["down", 24_000], ["up", 43_000], ["down", 44_000], ["up", 48_000]),
      /^no flip; flip 4/,
    ],
    [
      "silence without a reason",
      flips(["up", -5_000], ["unknown", 5_000], ["up", 8_000]),
      /^no flip; flip 2 up → unknown/,
    ],
  ])("sees %s", (_, seenFlips, words) => {
    expect(told({ flips: seenFlips })[0]).toMatch(words);
  });

  test("allows what a disturbance delays, and no more", () => {
    const kill: Disturbance = { kind: "kill", from: 22_000, until: 27_000 };
    const at = (ms: number) => ({ flips: flips(["up", -5_000], ["down", ms], ["up", 43_000]), disturbances: [kill] });
    expect(told(at(35_000))).toEqual([]);
    expect(told(at(35_500))[0]).toMatch(/^down by 35\.2 s/);
  });

  test("asks for nothing when a disturbance left no time, and takes either answer", () => {
    const disturbances: Disturbance[] = [{ kind: "pause", from: 19_000, until: 39_000 }];
    const missed = seen({ flips: flips(["up", -5_000]), uptime: 1, disturbances });
    expect(missed).toMatchObject({ deviations: [], outages: 0, undecided: 1 });
    expect(seen({ flips: flips(["up", -5_000], ["down", 40_000], ["up", 43_000]), disturbances })).toMatchObject({
      deviations: [],
      undecided: 1,
    });
  });

  test("allows unknown after a silence that the hub had to notice", () => {
    const disturbances: Disturbance[] = [{ kind: "agent pause", from: 44_000, until: 144_000 }];
    const silent = flips(["up", -5_000], ["down", 24_000], ["up", 43_000], ["unknown", 144_100], ["up", 146_000]);
    expect(seen({ flips: silent, disturbances, eye: "agent" })).toMatchObject({ deviations: [], unknowns: 1 });
    expect(told({ flips: silent })).toHaveLength(2);
    const ownAbsence: Disturbance[] = [{ kind: "pause", from: 44_000, until: 144_000 }];
    expect(told({ flips: silent, disturbances: ownAbsence })).toHaveLength(2);
  });

  test("knows when an outage began", () => {
    const late = FLIPS.map((flip) => (flip.to === "down" ? { ...flip, began_at: 10_000 } : flip));
    expect(told({ flips: late })).toEqual([expect.stringMatching(/^an outage from 20\.0 s on; .* since 10\.0 s$/)]);
    const begun = (ms: number) => FLIPS.map((flip) => (flip.to === "down" ? { ...flip, began_at: ms } : flip));
    expect(told({ flips: begun(19_200) })).toEqual([]); // a check that was under way
    expect(told({ flips: begun(18_900) })).toHaveLength(1);
  });

  test("compares the uptime with what the target answered", () => {
    expect(told({ uptime: UPTIME + 0.009 })).toEqual([]);
    expect(told({ uptime: UPTIME + 0.011 })).toEqual(["uptime 80.95 %; 82.05 %"]);
    expect(told({ uptime: null })).toEqual(["uptime 80.95 %; none"]);
  });

  test("allows an uptime without a part of the time in which the hub was away", () => {
    const during = (kind: Disturbance["kind"], uptime: number) =>
      told({ disturbances: [{ kind, from: 60_000, until: 90_000 }], uptime });
    const least = 1 - 20 / 75;
    expect(during("pause", least - 0.009)).toEqual([]);
    expect(during("pause", least - 0.011)).toEqual(["uptime 80.95 %; 72.23 %"]);
    expect(during("pause", UPTIME + 0.011)).toHaveLength(1);
    expect(during("relay", least)).toHaveLength(1);
  });

  test("wants each flip in NATS once and in order, and numbers without a gap", () => {
    const ids = (...seqs: number[]) => ({ kept: seqs.map((seq) => `${HUB}:7:${seq}`) });
    expect(told(ids(1, 2))).toEqual(["NATS: flips 1 2 3; 1 2"]);
    expect(told(ids(1, 2, 2, 3))).toEqual(["NATS: flips 1 2 3; 1 2 2 3"]);
    expect(told(ids(1, 3, 2))).toEqual(["NATS: flips 1 2 3; 1 3 2"]);
    expect(told(ids(1, 2, 3, 4))).toEqual(["NATS: flips 1 2 3; 1 2 3 4"]);
    const gap = FLIPS.map((flip) => (flip.seq === 3 ? { ...flip, seq: 4 } : flip));
    expect(told({ flips: gap })).toEqual(["flip 3 from down; flip 4 down → up at 43.0 s"]);
  });
});

describe("the schedule", () => {
  const options: ChaosOptions = {
    seed: 5,
    durationMs: 300_000,
    services: { hub: 50, agent: 10, heartbeat: 5 },
    intervals: [5],
    disturbances: [
      { kind: "tick lost", times: 1, lasts: 2_000 },
      { kind: "kill", times: 2, lasts: 0 },
      { kind: "pause", times: 2, lasts: 6_000 },
      { kind: "lock", times: 2, lasts: 5_000 },
    ],
  };

  test("is the seed's and nothing else's", () => {
    expect(chaosPlan(options)).toEqual(chaosPlan(options));
    expect(chaosPlan({ ...options, seed: 6 })).not.toEqual(chaosPlan(options));
  });

  test("makes outages that can be seen in spite of the disturbances, and blips that can't", () => {
    const { services, disturbances } = chaosPlan(options);
    expect(disturbances).toHaveLength(7);
    for (const service of services) {
      const blind = blindSpans(disturbances, service);
      for (const { from, until, way } of service.outages) {
        expect(until).toBeGreaterThan(seenBy(from, detectionMs(service, way), blind));
        expect(until).toBeLessThan(options.durationMs);
      }
      for (const { from, until } of service.blips) expect(until - from).toBeLessThan(800 * (2 ** service.retries - 1));
      const all = [...service.outages, ...service.blips].sort((a, b) => a.from - b.from);
      for (const [index, { from }] of all.entries()) expect(from).toBeGreaterThan(all[index - 1]?.until ?? 0);
    }
  });
});
