/** An agent of the real parts: its rounds, its spool, its reports and its idea of the hub's time. */
import { HubClock } from "../../src/agent/hub-clock.ts";
import { reported } from "../../src/agent/reported.ts";
import { Reporter } from "../../src/agent/reporter.ts";
import { Rounds } from "../../src/agent/rounds.ts";
import { Spool } from "../../src/agent/spool.ts";
import type { AgentReceipt, AgentReport, ReportedObservation } from "../../src/core/agent/agent-protocol.ts";
import type { Check } from "../../src/core/service/check.ts";
import type { Clock } from "../../src/core/time/clock.ts";
import { AGENT_PLAN_MS } from "../../src/core/time/durations.ts";
import type { Standstills } from "../../src/probes/lateness.ts";
import { type Eye, latenessBy } from "./simulated-look.ts";
import type { Program } from "./simulated-time.ts";

export interface SimulatedAgentOptions {
  name: string;
  program: Program;
  eyeOf(clock: Pick<Clock, "now" | "wait">, lateness: Standstills): Eye;
  /** For its spool. */
  folder: string;
  random(): number;
  /** A request to the hub; it may take long, or be refused. */
  checks(): Promise<{ now: number; checks: Check[] }>;
  report(report: AgentReport): Promise<AgentReceipt>;
}

/** Runs until its program ends. */
export async function runSimulatedAgent(options: SimulatedAgentOptions): Promise<void> {
  const { name, program, folder, random } = options;
  const { clock: local } = program;
  const clock = new HubClock(local.now);
  const lateness = latenessBy(local);
  const eye = () => {
    const look = clock.forOneLook(lateness);
    return options.eyeOf({ now: look.now, wait: local.wait }, look.lateness);
  };
  const rounds: Rounds = new Rounds({
    now: () => clock.now(),
    wait: local.wait,
    random,
    probe: (check) => eye().look(check, `agent:${name}`),
    found: (check, round, observation) => reporter.add(reported(check, round, observation)),
  });
  const heard = (hubNow: number, sent: number) => {
    if (clock.heard(hubNow, sent, local.now()) < 0) rounds.beginAnew();
  };
  const reporter = new Reporter({
    spool: new Spool<ReportedObservation>({ folder, maxBytes: 64_000_000, fileBytes: 1_000_000 }),
    async report(report) {
      const sent = local.now();
      const receipt = await options.report(report);
      heard(receipt.now, sent);
      return receipt;
    },
    about: () => ({ version: "1", host: "m1", problem: null }),
    wait: local.wait,
    now: local.now,
    random,
    log: () => {},
    cameTooLate: (ids) => rounds.beginAnew(ids),
    judged: (states) => rounds.learn(states),
  });
  const sent = local.now();
  const { now, checks } = await options.checks();
  heard(now, sent);
  rounds.replace(checks);
  program.every(AGENT_PLAN_MS, () => rounds.plan());
  await reporter.run();
}
