/** `hub check`: checks a service now. */
import type { InferResponseType } from "hono/client";
import type { HubClient } from "../client/hub-client.ts";
import { responseBody } from "../client/problem.ts";
import type { Status } from "../core/service/records.ts";
import type { CommandLine } from "./command-line.ts";
import { connect } from "./connection.ts";
import type { HubIo } from "./hub-io.ts";
import { findService, type Service } from "./lists.ts";
import { latencyText } from "./services.ts";
import { type Paint, painter, paintStatus, printable } from "./text.ts";

type Outcome = InferResponseType<HubClient["services"][":id"]["check"]["$post"], 200>;

const EXIT_CODES: Record<Status, number> = { up: 0, degraded: 0, down: 1, unknown: 3 };

/** Returns the exit code. */
export async function check(line: CommandLine, io: HubIo): Promise<number> {
  const { client } = await connect(line, io);
  const service = await findService(client, line.operands[0] ?? "");
  const outcome = await responseBody(client.services[":id"].check.$post({ param: { id: String(service.id) } }));
  if (line.has("json")) io.out(JSON.stringify(outcome, null, 2));
  else for (const text of outcomeLines(service, outcome, painter(io))) io.out(text);
  return EXIT_CODES[outcome.status];
}

export function outcomeLines(service: Pick<Service, "project" | "name">, outcome: Outcome, paint: Paint): string[] {
  const { verdict, latency_ms, error, vantage } = outcome.observation;
  const found = [`check: ${verdict}`, latencyText(latency_ms), `from ${vantage}`];
  const flips = outcome.flips.map(({ from, to }) => `  changed: ${from} -> ${to}`);
  const failures = outcome.consecutive_failures;
  return [
    `${service.project}/${service.name}  ${paintStatus(paint, outcome.status)}  since ${outcome.since}`,
    `  ${found.join(", ")}`,
    ...(error === null ? [] : [`  ${printable(error)}`]),
    ...(failures === 0 ? [] : [`  failures in a row: ${failures}`]),
    ...flips,
  ];
}
