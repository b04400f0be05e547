/** The hub's only logger. It writes one line of JSON for each event. Callers never pass secrets, headers or bodies. */
import { TroubleLog, type TroubleNews } from "../core/hub/trouble-log.ts";

type Level = "info" | "warn" | "error";

const troubles = new TroubleLog();

/** Failures of a database that is away are not written line by line: the trouble is told once, then counted. */
export function log(level: Level, event: string, fields: Record<string, unknown> = {}): void {
  const now = Date.now();
  const news = typeof fields.error === "string" ? troubles.failed(fields.error, now) : null;
  for (const each of news ?? troubles.quiet(now)) tell(each, event, fields);
  if (news === null) write(level, event, fields);
}

/** The text of a thrown value for a log line. A failed query is not written out: its parameters may be anything. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [message = ""] = error.message.split("\nparams:");
  const cause = error.cause === undefined ? "" : `: ${errorText(error.cause)}`;
  return `${error.name}: ${message}${cause}`;
}

/** Returns in plain words what is wrong with the database; null: the error does not tell of it. */
export function troubleOf(error: unknown): string | null {
  return troubles.wordsOf(errorText(error), Date.now());
}

function tell({ step, ...news }: TroubleNews, event: string, { error }: Record<string, unknown>): void {
  if (step === "over") write("info", "database.trouble_over", { ...news });
  else if (step === "goes_on") write("error", "database.trouble_goes_on", { ...news });
  else write("error", "database.trouble", { trouble: news.trouble, seen_by: event, error });
}

function write(level: Level, event: string, fields: Record<string, unknown>): void {
  // biome-ignore lint/suspicious/noConsole: the runtime's log stream is the console
  console[level](JSON.stringify({ level, event, time: new Date().toISOString(), ...fields }));
}
