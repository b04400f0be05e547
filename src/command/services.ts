/** `hub services`: the registered services as a table. */
import { STATUSES } from "../core/service/records.ts";
import type { CommandLine } from "./command-line.ts";
import { connect } from "./connection.ts";
import { EXIT, type HubIo } from "./hub-io.ts";
import { allServices, requireProject, type Service, type ServiceQuery } from "./lists.ts";
import { duration, type Paint, painter, paintStatus, tableLines } from "./text.ts";

const HEADER = ["NAME", "PROJECT", "STATUS", "SINCE", "LATENCY", "METHOD", "TARGET"];
const USER_OF_URL = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i;

/** Returns the exit code. */
export async function services(line: CommandLine, io: HubIo): Promise<number> {
  const { client } = await connect(line, io);
  const query = queryOf(line);
  // An unknown project would be an empty list.
  if (query.project !== undefined) query.project = (await requireProject(client, query.project)).name;
  const found = await allServices(client, query);
  if (line.has("json")) io.out(JSON.stringify(found, null, 2));
  else if (found.length === 0) io.err("no services");
  else for (const text of serviceLines(found, Date.now(), painter(io))) io.out(text);
  return EXIT.done;
}

function queryOf(line: CommandLine): ServiceQuery {
  const query: ServiceQuery = {};
  const status = STATUSES.find((each) => each === line.text("status"));
  const { project, tag, q } = { project: line.text("project"), tag: line.text("tag"), q: line.text("query") };
  if (status !== undefined) query.status = status;
  if (project !== undefined) query.project = project;
  if (tag !== undefined) query.tag = tag;
  if (q !== undefined) query.q = q;
  return query;
}

/** `now`: Unix ms. */
export function serviceLines(found: readonly Service[], now: number, paint: Paint): string[] {
  const rows = found.map((service) => [
    { text: service.name },
    { text: service.project },
    { text: service.health_status, paint: (text: string) => paintStatus(paint, service.health_status, text) },
    { text: duration(now - Date.parse(service.status_since)) },
    { text: latencyText(service.health_details.latency_ms) },
    { text: service.agent === null ? service.health_method : `${service.health_method} by ${service.agent}` },
    { text: withoutUser(service.health_url) },
  ]);
  return tableLines(HEADER, rows);
}

export function latencyText(ms: number | null): string {
  return ms === null ? "-" : `${Math.round(ms)} ms`;
}

/** The user and the password of a target are no part of its name. */
function withoutUser(url: string): string {
  return url.replace(USER_OF_URL, "$1");
}
