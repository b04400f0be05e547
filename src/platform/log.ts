/** The hub's one logger: structured JSON, one line an event. Never given a secret, a header or a body. */
type Level = "info" | "warn" | "error";

export function log(level: Level, event: string, fields: Record<string, unknown> = {}): void {
  // biome-ignore lint/suspicious/noConsole: the runtime's log stream is the console
  console[level](JSON.stringify({ level, event, time: new Date().toISOString(), ...fields }));
}

/** What a log line says of a thrown value. */
export function errorText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
