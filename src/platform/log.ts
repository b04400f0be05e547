/** The hub's only logger. It writes one line of JSON for each event. Callers never pass secrets, headers or bodies. */
type Level = "info" | "warn" | "error";

export function log(level: Level, event: string, fields: Record<string, unknown> = {}): void {
  // biome-ignore lint/suspicious/noConsole: the runtime's log stream is the console
  console[level](JSON.stringify({ level, event, time: new Date().toISOString(), ...fields }));
}

/** The text of a thrown value for a log line. */
export function errorText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
