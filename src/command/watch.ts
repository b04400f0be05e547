/** `hub watch`: what changes at the hub, until Ctrl-C. */

import type { FeedState } from "../client/feed.ts";
import { responseBody } from "../client/problem.ts";
import { watchHub } from "../client/watch.ts";
import { countStatuses } from "../core/board/summary.ts";
import { overallHealth } from "../core/service/health.ts";
import type { CommandLine } from "./command-line.ts";
import { type Connection, connect } from "./connection.ts";
import { EXIT, type HubIo } from "./hub-io.ts";
import { type Project, requireProject } from "./lists.ts";
import { type Paint, painter } from "./text.ts";
import { summaryLines, WatchLines } from "./watch-lines.ts";

/** Returns the exit code. */
export async function watch(line: CommandLine, io: HubIo): Promise<number> {
  const connection = await connect(line, io);
  const reference = line.text("project");
  const project = reference === undefined ? null : await requireProject(connection.client, reference);
  const paint = painter(io);
  // A WebSocket does not say why it was refused. This request does, so it comes first with --json, too.
  const summary = await readSummary(connection, project, paint);
  if (!line.has("json")) for (const text of summary) io.out(text);
  const stop = new AbortController();
  void io.stopped.then(() => stop.abort());
  const lines = new WatchLines(paint, Date.now);
  await watchHub({
    url: connection.url,
    key: connection.key,
    project: project?.id,
    onFrame(frame) {
      for (const text of line.has("json") ? [JSON.stringify(frame)] : lines.linesOf(frame)) io.out(text);
    },
    onState: stateTeller((text) => io.err(lines.note(text))),
    signal: stop.signal,
  });
  return EXIT.done;
}

async function readSummary({ client }: Connection, project: Project | null, paint: Paint): Promise<string[]> {
  const summary = await responseBody(client.summary.$get());
  const services = summary.services.filter((each) => project === null || each.project === project.name);
  return summaryLines({ overall: overallHealth(countStatuses(services.map(({ status }) => status))), services }, paint);
}

/** Says once when the connection is lost and once when it is back. */
export function stateTeller(say: (text: string) => void): (state: FeedState) => void {
  let isLost = false;
  return (state) => {
    if (state.phase === "lost" && !isLost) say("the connection to the hub is lost; trying again");
    if (state.phase === "live" && isLost) say("the connection to the hub is back");
    isLost = state.phase === "lost";
  };
}
