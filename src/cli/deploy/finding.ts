/** The findings of a check of a deployment. */

/** `warn` deserves a look, and does not make the dry run fail. */
type Level = "ok" | "warn" | "wrong";

export interface Finding {
  level: Level;
  /** The text begins with what was checked. */
  text: string;
}

export const ok = (text: string): Finding => ({ level: "ok", text });
export const warn = (text: string): Finding => ({ level: "warn", text });
export const wrong = (text: string): Finding => ({ level: "wrong", text });

/** Returns what is wrong; or the one finding `fine` when nothing is. */
export const orFine = (findings: Finding[], fine: string): Finding[] => (findings.length === 0 ? [ok(fine)] : findings);

const MARKS: Record<Level, string> = { ok: "ok   ", warn: "warn ", wrong: "WRONG" };

export function findingLine({ level, text }: Finding): string {
  return `  ${MARKS[level]}  ${text}`;
}
