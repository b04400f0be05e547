import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Check } from "../../../src/core/service/check.ts";
import type { Observation, Retry, Status } from "../../../src/core/service/records.ts";
import { completed, liveState, type MonitorState, mustSave } from "../../../src/core/status/monitor-state.ts";
import { deadlineOf, expire } from "../../../src/core/status/silence.ts";
import { close, observe } from "../../../src/core/status/state-machine.ts";
import { aCheck, aFailure, anObservation, aRound, T0 } from "../fixtures.ts";

/** A monitor that is told of one observation after the other, a second apart. */
class Monitor {
  state: MonitorState | null = null;
  check: Check;
  vantages: string[];
  now = T0;
  constructor(check = aCheck(), vantages: string[] = []) {
    this.check = check;
    this.vantages = vantages;
  }
  see(observation: Partial<Observation>, attempt = 0, due_at = this.now): Retry | null {
    this.now += 1_000;
    const step = observe(this.state, {
      check: this.check,
      round: aRound({ attempt, due_at }),
      observation: anObservation({ at: this.now, ...observation }),
      vantages: this.vantages,
      random: 0.5,
    });
    if (step === null) throw new Error("dropped");
    this.state = step.state;
    return step.retry;
  }
  fail(attempt = 0, over: Partial<Observation> = {}, due_at = this.now) {
    return this.see(aFailure({ at: this.now + 1_000, ...over }), attempt, due_at);
  }
  get status(): Status {
    return this.state?.status ?? "unknown";
  }
  get lastFlip() {
    return this.state?.flips.at(-1);
  }
}

const BAD: Partial<Observation> = { verdict: "fail", latency_ms: null, error: "connect: refused" };
const SLOW: Partial<Observation> = { latency_ms: 1_500 };
const WARN: Partial<Observation> = { verdict: "warn", error: "disk 91 % full" };
const NOT_HERE: Partial<Observation> = {
  verdict: "unprobeable",
  latency_ms: null,
  error: "can't be checked from here",
};

function inStatus(status: Status): Monitor {
  const monitor = new Monitor(aCheck({ health_retries: 0 }));
  if (status === "up") monitor.see({});
  if (status === "degraded") monitor.see(SLOW);
  if (status === "down") monitor.see(BAD);
  expect(monitor.status).toBe(status);
  return monitor;
}

describe("the status after one observation without retries", () => {
  const table: [Status, string, Partial<Observation>, Status][] = [
    ["unknown", "success", {}, "up"],
    ["unknown", "slow success", SLOW, "degraded"],
    ["unknown", "failure", BAD, "down"],
    ["unknown", "can't be checked", NOT_HERE, "unknown"],
    ["up", "success", {}, "up"],
    ["up", "slow success", SLOW, "degraded"],
    ["up", "own warning", WARN, "degraded"],
    ["up", "failure", BAD, "down"],
    ["up", "can't be checked", NOT_HERE, "unknown"],
    ["up", "hub can't see", { verdict: "inconclusive" }, "up"],
    ["degraded", "success", {}, "up"],
    ["degraded", "slow success", SLOW, "degraded"],
    ["degraded", "failure", BAD, "down"],
    ["degraded", "can't be checked", NOT_HERE, "unknown"],
    ["degraded", "hub can't see", { verdict: "inconclusive" }, "degraded"],
    ["down", "success", {}, "up"],
    ["down", "slow success", SLOW, "degraded"],
    ["down", "failure", BAD, "down"],
    ["down", "can't be checked", NOT_HERE, "unknown"],
    ["down", "hub can't see", { verdict: "inconclusive" }, "down"],
  ];
  it.each(table)("goes from %s by %s (%o) to %s", (from, _what, observation, to) => {
    const monitor = inStatus(from);
    const seq = monitor.state?.seq ?? 0;
    monitor.see(observation);
    expect(monitor.status).toBe(to);
    expect(monitor.state?.seq).toBe(from === to ? seq : seq + 1);
  });
});

describe("an outage", () => {
  it("is confirmed when the failures exceed the retries, and began at the first of them", () => {
    const monitor = new Monitor();
    monitor.see({});
    const due = monitor.now;
    const delays = [0, 1, 2].map((attempt) => monitor.fail(attempt, {}, due)?.delay_ms);
    expect(delays).toEqual([1_000, 2_000, 4_000]);
    expect(monitor.status).toBe("up");
    expect(monitor.fail(3, {}, due)).toBeNull();
    expect(monitor.status).toBe("down");
    expect(monitor.lastFlip).toMatchObject({ from: "up", to: "down", reason: "connect: refused", seq: 2 });
    expect(monitor.lastFlip?.began_at).toBe(new Date(T0 + 2_000).toISOString());
    expect(monitor.lastFlip?.evidence).toHaveLength(4);
  });

  it("is tried from every vantage in turn, and the evidence names them", () => {
    const monitor = new Monitor(aCheck({ health_retries: 4 }), ["weur", "enam"]);
    const due = monitor.now;
    const vantages: string[] = ["home"];
    for (let attempt = 0; attempt < 4; attempt++) {
      const retry = monitor.fail(attempt, { vantage: vantages.at(-1) ?? "" }, due);
      if (retry !== null) vantages.push(retry.vantage);
    }
    monitor.fail(4, { vantage: vantages.at(-1) ?? "" }, due);
    expect(vantages).toEqual(["home", "weur", "enam", "home", "weur"]);
    expect(monitor.lastFlip?.evidence.map((attempt) => attempt.vantage)).toEqual(vantages);
  });

  it("is none when another vantage sees the service; its details then say who can't", () => {
    const monitor = new Monitor(aCheck(), ["weur"]);
    monitor.see({});
    const retry = monitor.fail(0);
    monitor.see({ vantage: retry?.vantage ?? "", latency_ms: 4_000 }, 1, monitor.now);
    expect(monitor.status).toBe("up");
    expect(monitor.state).toMatchObject({ failures: 0, unseen_from: ["home"], seq: 1 });
    monitor.see({});
    expect(monitor.state?.unseen_from).toEqual([]);
  });

  it("counts failures while it lasts, without retries and without a flip", () => {
    const monitor = inStatus("down");
    expect(monitor.fail()).toBeNull();
    expect(monitor.state).toMatchObject({ status: "down", failures: 2, seq: 1 });
  });

  it("keeps a reason of its own when the probe gives none", () => {
    const monitor = new Monitor(aCheck({ health_retries: 0 }));
    monitor.fail(0, { error: null });
    expect(monitor.lastFlip?.reason).toBe("failed");
  });
});

describe("retries", () => {
  it("stay one chain: a scheduled check that fails meanwhile is evidence, but uses up no retry", () => {
    const monitor = new Monitor(aCheck({ health_interval: 5, health_retries: 2 }));
    const due = monitor.now;
    expect(monitor.fail(0, {}, due)?.attempt).toBe(1);
    expect(monitor.fail(1, {}, due)?.attempt).toBe(2);
    expect(monitor.fail(0)).toBeNull();
    expect(monitor.fail(0)).toBeNull();
    expect(monitor.state).toMatchObject({ status: "unknown", failures: 2 });
    monitor.fail(2, {}, due);
    expect(monitor.status).toBe("down");
    expect(monitor.lastFlip?.evidence).toHaveLength(5);
  });

  it("end with the last one also when a scheduled check that began later failed sooner", () => {
    const monitor = new Monitor(aCheck({ health_retries: 1 }));
    const due = monitor.now;
    monitor.fail(0, {}, due);
    const later = monitor.now + 5_000;
    monitor.fail(0, { at: later });
    monitor.fail(1, {}, due);
    expect(monitor.status).toBe("down");
    expect(monitor.state?.last_at).toBe(later);
  });

  it("that were lost don't make an outage of what one vantage alone has seen", () => {
    const monitor = new Monitor(aCheck({ health_retries: 1 }), ["weur"]);
    monitor.see({});
    monitor.fail(0);
    monitor.now += 60_000;
    const due = monitor.now;
    expect(monitor.fail(0, {}, due)).toMatchObject({ attempt: 1, vantage: "weur" });
    expect(monitor.status).toBe("up");
    monitor.fail(1, { vantage: "weur" }, due);
    expect(monitor.lastFlip?.evidence.map((attempt) => attempt.vantage)).toEqual(["home", "home", "weur"]);
  });

  it("of a vantage that failed to look are asked of the next one, which leaves the retries as they are", () => {
    const monitor = new Monitor(aCheck({ health_retries: 2 }), ["weur", "enam"]);
    monitor.see({});
    const due = monitor.now;
    expect(monitor.fail(0, {}, due)).toMatchObject({ attempt: 1, vantage: "weur" });
    const instead = monitor.see({ vantage: "weur", verdict: "inconclusive" }, 1, due);
    expect(instead).toMatchObject({ attempt: 2, vantage: "enam", delay_ms: 1_000 });
    expect(monitor.state).toMatchObject({ failures: 1, blind: ["weur"] });
    expect(monitor.fail(2, { vantage: "enam" }, due)).toMatchObject({ attempt: 3, vantage: "home" });
    expect(monitor.fail(3, {}, due)).toBeNull();
    expect(monitor.lastFlip?.evidence.map((attempt) => attempt.vantage)).toEqual(["home", "enam", "home"]);
  });

  it("are asked for again when a vantage's failure to look is delivered twice", () => {
    const monitor = new Monitor(aCheck(), ["weur", "enam"]);
    const due = monitor.now;
    monitor.fail(0, {}, due);
    for (const delay_ms of [1_000, 0]) {
      const retry = monitor.see({ vantage: "weur", verdict: "inconclusive" }, 1, due);
      expect(retry).toEqual({ attempt: 2, vantage: "enam", delay_ms });
    }
  });

  it("confirm an outage from home alone when no vantage can look", () => {
    const monitor = new Monitor(aCheck({ health_retries: 1 }), ["weur"]);
    monitor.see({});
    const due = monitor.now;
    monitor.fail(0, {}, due);
    const home = monitor.see({ vantage: "weur", verdict: "unprobeable", error: "no secret here" }, 1, due);
    expect(home).toMatchObject({ attempt: 2, vantage: "home" });
    expect(monitor.status).toBe("up");
    monitor.fail(2, {}, due);
    expect(monitor.status).toBe("down");
  });

  it("end at home when home can't see either", () => {
    const monitor = new Monitor(aCheck({ health_retries: 1 }), ["weur"]);
    monitor.see({});
    const due = monitor.now;
    monitor.fail(0, {}, due);
    monitor.see({ vantage: "weur", verdict: "inconclusive" }, 1, due);
    expect(monitor.see({ verdict: "inconclusive" }, 2, due)).toBeNull();
    expect(monitor.status).toBe("up");
  });

  it("ask a vantage again that has seen something since", () => {
    const monitor = new Monitor(aCheck({ health_retries: 0 }), ["weur"]);
    monitor.fail();
    monitor.see({ vantage: "weur", verdict: "inconclusive" });
    expect(monitor.state?.blind).toEqual(["weur"]);
    monitor.now += 60_000;
    monitor.fail(0, { vantage: "weur" });
    expect(monitor.state?.blind).toEqual([]);
  });

  it("of a scheduled check that a vantage failed to make bring a service that is up again back at once", () => {
    const monitor = new Monitor(aCheck({ health_retries: 0 }), ["weur", "enam"]);
    monitor.fail();
    monitor.now += 60_000;
    const due = monitor.now;
    const retry = monitor.see({ vantage: "enam", verdict: "inconclusive" }, 0, due);
    expect(retry).toMatchObject({ attempt: 1, vantage: "weur" });
    monitor.see({ vantage: "weur" }, 1, due);
    expect(monitor.status).toBe("up");
  });

  it("are not waited for when a start of the hub has lost them", () => {
    const monitor = new Monitor(aCheck({ health_retries: 1 }));
    monitor.fail();
    if (monitor.state === null) throw new Error("no state");
    monitor.state = completed(monitor.state, true);
    monitor.fail();
    expect(monitor.status).toBe("down");
    expect(completed(monitor.state, false).retry).toEqual(monitor.state.retry);
  });

  it("are not waited for when an agent that started again has begun a newer chain", () => {
    const monitor = new Monitor(aCheck({ health_retries: 2 }));
    monitor.fail(0, {}, T0);
    monitor.now += 1_000;
    monitor.fail(1, {}, T0); // its next retry is lost with the agent
    monitor.now += 5_000;
    monitor.fail(0, {}, T0 + 5_000);
    expect(monitor.status).toBe("unknown");
    monitor.now += 1_000;
    monitor.fail(1, {}, T0 + 5_000);
    expect(monitor.status).toBe("down");
  });

  it("begin again when the chain was lost", () => {
    const monitor = new Monitor();
    monitor.fail(0);
    monitor.now += 60_000;
    expect(monitor.fail(0)?.attempt).toBe(1);
  });

  it("are asked for again when a round is delivered twice, without counting it twice", () => {
    const monitor = new Monitor();
    const due = T0;
    const first = monitor.fail(0, {}, due);
    const again = monitor.fail(0, {}, due);
    expect(first).toMatchObject({ attempt: 1, delay_ms: 1_000 });
    expect(again).toMatchObject({ attempt: 1, delay_ms: 0, vantage: "home" });
    expect(monitor.state?.failures).toBe(1);
  });

  it("are not asked for by a repeated success", () => {
    const monitor = new Monitor();
    monitor.see({}, 0, T0);
    expect(monitor.see({}, 0, T0)).toBeNull();
  });
});

describe("what is dropped", () => {
  const input = (over: object) => ({
    check: aCheck(),
    round: aRound(),
    observation: anObservation(),
    vantages: [],
    random: 0,
    ...over,
  });

  it("is an observation older than the newest", () => {
    const monitor = inStatus("up");
    monitor.fail(0, { at: T0 - 5_000 });
    expect(monitor.state?.failures).toBe(0);
  });

  it("is one made under an older configuration", () => {
    const monitor = new Monitor(aCheck({ rev: 2 }));
    monitor.see({});
    expect(observe(monitor.state, input({ check: aCheck({ rev: 1 }) }))).toBeNull();
  });

  it("is one of a closed service, until a newer configuration comes", () => {
    const monitor = inStatus("up");
    const closed = close(monitor.state, { ...monitor.check, rev: 2 }, "deregistered", monitor.now);
    expect(closed).toMatchObject({ status: "unknown", closed: true, seq: 2 });
    expect(observe(closed, input({ check: aCheck({ rev: 2 }) }))).toBeNull();
    const reopened = observe(
      closed,
      input({ check: aCheck({ rev: 3 }), observation: anObservation({ at: T0 + 9e6 }) }),
    );
    expect(reopened?.state).toMatchObject({ status: "up", closed: false });
  });

  it("comes too late for a service that was started again since", () => {
    const started = observe(null, input({ check: aCheck({ rev: 3 }) }))?.state ?? null;
    expect(close(started, aCheck({ rev: 2 }), "disabled", T0 + 1)).toBe(started);
  });

  it("is nothing when a service is closed that was never heard of", () => {
    expect(close(null, aCheck(), "deregistered", T0)).toMatchObject({ status: "unknown", seq: 0, flips: [] });
  });
});

describe("degradation", () => {
  it("is judged at home only: from afar, slowness says nothing", () => {
    const monitor = inStatus("up");
    monitor.see({ ...SLOW, vantage: "apac" });
    expect(monitor.status).toBe("up");
    const degraded = inStatus("degraded");
    degraded.see({ vantage: "apac" });
    expect(degraded.status).toBe("degraded");
  });

  it("is switched off by a threshold of 0", () => {
    const monitor = new Monitor(aCheck({ health_options: { degraded_above_ms: 0 } }));
    monitor.see({ latency_ms: 60_000 });
    expect(monitor.status).toBe("up");
  });

  it("has the reason that the service gives", () => {
    const monitor = inStatus("up");
    monitor.see(WARN);
    expect(monitor.lastFlip?.reason).toBe("disk 91 % full");
    monitor.see({ verdict: "warn" });
    expect(monitor.state?.error).toBe("the service reports itself degraded");
    monitor.see({});
    expect(monitor.lastFlip?.reason).toBe("back to normal");
  });
});

describe("the home of a check that an agent runs", () => {
  it("is the agent, whose response times count", () => {
    const monitor = new Monitor(aCheck({ agent: "dc-1" }));
    monitor.see({ vantage: "agent:dc-1", latency_ms: 1_500 });
    monitor.now += 1_000;
    monitor.see({ vantage: "agent:dc-1", latency_ms: 1_500 }, 1);
    expect(monitor.status).toBe("degraded");
    monitor.see({ vantage: "home", latency_ms: 5 });
    expect(monitor.status).toBe("degraded");
    monitor.see({ vantage: "agent:dc-1", latency_ms: 5 });
    expect(monitor.status).toBe("up");
  });
});

describe("silence", () => {
  it("makes a probed service unknown after three intervals and a grace", () => {
    const monitor = inStatus("up");
    const { state, check } = monitor;
    if (state === null) throw new Error("no state");
    const deadline = deadlineOf(check, "up", state.since, monitor.now) ?? 0;
    expect(deadline).toBe(monitor.now + 3 * 30_000 + 75_000);
    expect(expire(state, check, monitor.now, deadline)).toBe(state);
    const stale = expire(state, check, monitor.now, deadline + 1);
    expect(stale).toMatchObject({ status: "unknown", error: "stale: nothing heard for 165 s" });
    expect(stale.flips.at(-1)?.began_at).toBe(new Date(monitor.now + 30_000).toISOString());
  });

  it("makes a heartbeat down after interval and grace, since the first missing beat", () => {
    const check = aCheck({ health_method: "heartbeat", health_interval: 60, health_options: { grace: 10 } });
    const monitor = new Monitor(check);
    monitor.see({});
    const { state } = monitor;
    if (state === null) throw new Error("no state");
    const beat = monitor.now;
    expect(expire(state, check, beat, beat + 70_000)).toBe(state);
    const down = expire(state, check, beat, beat + 70_001);
    expect(down.flips.at(-1)).toMatchObject({
      to: "down",
      reason: "heartbeat: silent for 70 s",
      began_at: new Date(beat + 60_000).toISOString(),
    });
    expect(expire(down, check, beat, beat + 9e6)).toBe(down);
  });

  it("makes an agent's service unknown after three intervals and a moment, and says whose silence it is", () => {
    const check = aCheck({ agent: "dc-1", health_interval: 5 });
    const monitor = new Monitor(check);
    monitor.see({ vantage: "agent:dc-1" });
    const { state } = monitor;
    if (state === null) throw new Error("no state");
    const deadline = monitor.now + 3 * 5_000 + 5_000;
    expect(deadlineOf(check, "up", state.since, monitor.now)).toBe(deadline);
    const silent = expire(state, check, monitor.now, deadline + 1);
    expect(silent).toMatchObject({ status: "unknown", error: "agent offline: nothing heard from dc-1 for 20 s" });
  });

  it("once noticed, is not filled by what was seen before", () => {
    const monitor = inStatus("up");
    const { state, check } = monitor;
    if (state === null) throw new Error("no state");
    const noticed = monitor.now + 200_000;
    const unknown = expire(state, check, monitor.now, noticed);
    const input = { check, round: aRound({ due_at: T0 + 99 }), vantages: [], random: 0.5 };
    const late = observe(unknown, { ...input, observation: aFailure({ at: noticed - 1 }) });
    expect(late).toEqual({ state: unknown, retry: null });
    const fresh = observe(unknown, { ...input, observation: anObservation({ at: noticed + 1 }) });
    expect(fresh?.state.status).toBe("up");
  });

  it("changes nothing for a service that is unknown, closed or was never heard of", () => {
    const monitor = inStatus("up");
    const { state, check } = monitor;
    if (state === null) throw new Error("no state");
    expect(expire({ ...state, closed: true }, check, T0, T0 + 9e9).closed).toBe(true);
    expect(expire(state, check, null, T0 + 9e9)).toBe(state);
    expect(deadlineOf(check, "unknown", T0, T0)).toBeNull();
    expect(deadlineOf(aCheck({ health_method: "heartbeat" }), "up", T0, T0)).toBe(T0 + 60_000);
  });
});

describe("a heartbeat that reports failure", () => {
  it("is down at once: nothing of ours failed, so nothing is retried", () => {
    const monitor = new Monitor(aCheck({ health_method: "heartbeat", health_retries: 3 }));
    monitor.see({});
    expect(monitor.fail(0, { error: "heartbeat: queue stuck" })).toBeNull();
    expect(monitor.status).toBe("down");
  });
});

describe("flapping", () => {
  it("is marked at the sixth flip within ten minutes and settles after ten quiet ones", () => {
    const monitor = new Monitor(aCheck({ health_retries: 0 }));
    for (let turn = 0; turn < 3; turn++) {
      monitor.see({});
      if (turn < 2 || monitor.state?.seq === 5) monitor.fail();
    }
    expect(monitor.state?.seq).toBe(6);
    expect(monitor.state?.flap.flapping).toBe(true);
    monitor.now += 600_000;
    monitor.fail();
    expect(monitor.state?.flap.flapping).toBe(false);
  });
});

describe("what is kept for the database", () => {
  it("are the flips after the recorded one", () => {
    const monitor = inStatus("down");
    monitor.see({});
    expect(monitor.state?.flips.map((flip) => flip.seq)).toEqual([1, 2]);
    monitor.check = { ...monitor.check, recorded_seq: 1 };
    monitor.see({});
    expect(monitor.state?.flips.map((flip) => flip.seq)).toEqual([2]);
  });

  it("goes on with the recorded seq when the monitor lost its memory", () => {
    const monitor = new Monitor(aCheck({ recorded_seq: 41 }));
    monitor.see({});
    expect(monitor.lastFlip?.seq).toBe(42);
  });

  it("takes over the end of a watch that it never heard of, which the registry has written", () => {
    const monitor = inStatus("up");
    const seq = monitor.state?.seq ?? 0;
    const ended = { recorded_status: "unknown" as const, recorded_since: monitor.now, recorded_seq: seq + 1 };
    monitor.check = { ...monitor.check, ...ended, rev: monitor.check.rev + 1 };
    monitor.see({});
    expect(monitor.state?.flips).toMatchObject([{ seq: seq + 2, from: "unknown", to: "up" }]);
  });
  it("is saved when a crash would lose a status, a streak or a flip, and only then", () => {
    const monitor = new Monitor();
    monitor.see({});
    const up = monitor.state;
    monitor.see({ latency_ms: 99 });
    const later = monitor.state;
    monitor.fail();
    const failing = monitor.state;
    if (up === null || later === null || failing === null) throw new Error("no state");
    expect(mustSave(null, up, "http")).toBe(true);
    expect(mustSave(up, later, "http")).toBe(false);
    expect(mustSave(up, later, "heartbeat")).toBe(true);
    expect(mustSave(later, failing, "http")).toBe(true);
    expect(mustSave(up, { ...up, unseen_from: ["home"] }, "http")).toBe(true);
    expect(mustSave(up, { ...up, blind: ["weur"] }, "http")).toBe(true);
    expect(mustSave({ ...up, status: "down" }, { ...up, status: "down", failures: 9 }, "http")).toBe(false);
  });

  it("shows as the live state", () => {
    const monitor = inStatus("up");
    if (monitor.state === null) throw new Error("no state");
    expect(liveState(monitor.state)).toMatchObject({ status: "up", latency_ms: 12, flip_seq: 1, flapping: false });
  });
});

const verdicts = fc.constantFrom<Observation["verdict"]>("ok", "warn", "fail", "unprobeable", "inconclusive");

describe("for any sequence of observations", () => {
  it("flips chain up, their seqs rise by one, and down takes more failures in a row than retries", () => {
    fc.assert(
      fc.property(fc.array(verdicts, { maxLength: 60 }), fc.integer({ min: 0, max: 5 }), (sequence, retries) => {
        const monitor = new Monitor(aCheck({ health_retries: retries }));
        let streak = 0;
        let retry: Retry | null = null;
        let due = monitor.now;
        for (const verdict of sequence) {
          const before = monitor.status;
          if (retry === null) due = monitor.now += 60_000; // a chain that broke off counts as lost by then
          const seen = { verdict, latency_ms: verdict === "fail" ? null : 5, error: verdict === "ok" ? null : "x" };
          retry = monitor.see(seen, retry?.attempt ?? 0, due);
          streak = verdict === "fail" ? streak + 1 : verdict === "inconclusive" ? streak : 0;
          if (before !== "down" && monitor.status === "down") expect(streak).toBe(retries + 1);
        }
        let last: Status = "unknown";
        let seq = 0;
        for (const flip of monitor.state?.flips ?? []) {
          expect(flip.from).toBe(last);
          expect(flip.to).not.toBe(flip.from);
          expect(flip.seq).toBe(seq + 1);
          expect(Date.parse(flip.began_at)).toBeLessThanOrEqual(Date.parse(flip.at));
          ({ to: last, seq } = flip);
        }
        expect(monitor.status).toBe(last);
      }),
      { numRuns: 300 },
    );
  });
});

describe("an outage that ends only after several passes in a row", () => {
  function outage(recover_after: number, vantages: string[] = []): Monitor {
    const monitor = new Monitor(aCheck({ health_retries: 0, recover_after }), vantages);
    monitor.see({});
    monitor.fail();
    if (vantages.length > 0) monitor.see({ ...BAD, vantage: vantages[0] ?? "" }, 1, monitor.now);
    expect(monitor.status).toBe("down");
    return monitor;
  }

  it("stays down between the passes, which follow each other after 1, 2, 4 … s", () => {
    const monitor = outage(4);
    const due = monitor.now;
    const firstPass = due + 1_000;
    expect(monitor.see({}, 0, due)).toMatchObject({ attempt: 1, delay_ms: 1_000 });
    expect(monitor.see({}, 1, due)).toMatchObject({ attempt: 2, delay_ms: 2_000 });
    expect(monitor.see({}, 2, due)).toMatchObject({ attempt: 3, delay_ms: 4_000 });
    expect(monitor.status).toBe("down");
    expect(monitor.state?.error).toBe("connect: refused");
    expect(monitor.see({}, 3, due)).toBeNull();
    expect(monitor.status).toBe("up");
    expect(monitor.lastFlip).toMatchObject({ to: "up", began_at: new Date(firstPass).toISOString() });
    expect(monitor.lastFlip?.evidence).toHaveLength(4);
  });

  it("begins to count anew after a failure, and asks for no retry then", () => {
    const monitor = outage(2);
    const due = monitor.now;
    monitor.see({}, 0, due);
    expect(monitor.see(BAD, 1, due)).toBeNull();
    expect(monitor.state).toMatchObject({ status: "down", passes: 0, retry: null });
    const next = monitor.now;
    expect(monitor.see({}, 0, next)).toMatchObject({ attempt: 1 });
    expect(monitor.status).toBe("down");
    monitor.see({}, 1, next);
    expect(monitor.status).toBe("up");
  });

  it("counts no pass twice, and none of the schedule while a retry is under way", () => {
    const monitor = outage(3);
    const due = monitor.now;
    monitor.see({}, 0, due);
    monitor.see({}, 0, due); // delivered again
    monitor.see({}, 0, due + 30_000);
    expect(monitor.state?.passes).toBe(1);
    monitor.see({}, 1, due);
    expect(monitor.state?.passes).toBe(2);
  });

  it("goes on with the schedule when a retry was lost", () => {
    const monitor = outage(2);
    monitor.see({}, 0, monitor.now);
    monitor.now += 120_000;
    monitor.see({}, 0, monitor.now);
    expect(monitor.status).toBe("up");
  });

  it("counts passes with a warning, and is degraded then", () => {
    const monitor = outage(2);
    const due = monitor.now;
    monitor.see(WARN, 0, due);
    monitor.see(WARN, 1, due);
    expect(monitor.status).toBe("degraded");
  });

  it("takes the beats of a heartbeat as they come", () => {
    const monitor = new Monitor(aCheck({ health_method: "heartbeat", recover_after: 2 }));
    monitor.see(BAD);
    expect(monitor.status).toBe("down");
    expect(monitor.see({})).toBeNull();
    expect(monitor.see({})).toBeNull();
    expect(monitor.status).toBe("up");
  });

  it("keeps its passes over a crash, and knows none in a state of an older release", () => {
    const monitor = outage(3);
    const before = monitor.state;
    monitor.see({}, 0, monitor.now);
    expect(monitor.state === null || mustSave(before, monitor.state, "http")).toBe(true);
    const { passes, passed, ...older } = monitor.state ?? ({} as MonitorState);
    expect(completed(older as MonitorState, false)).toMatchObject({ passes: 0, passed: [] });
  });

  it("is of no concern to a service that is up or unknown", () => {
    const monitor = new Monitor(aCheck({ recover_after: 10 }));
    expect(monitor.see({})).toBeNull();
    expect(monitor.status).toBe("up");
  });
});
