/** Texts for a terminal: colours, tables, durations. */
import type { Status } from "../core/service/records.ts";

const CODES = { red: 31, green: 32, yellow: 33, grey: 90 } as const;
export type Colour = keyof typeof CODES;
export type Paint = (text: string, colour: Colour) => string;

const STATUS_COLOURS: Record<Status, Colour> = { up: "green", degraded: "yellow", down: "red", unknown: "grey" };
const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
] as const;

/** Paints only on a terminal, and not when NO_COLOR is set (https://no-color.org). */
export function painter(io: { isTerminal: boolean; environment: Readonly<Record<string, string | undefined>> }): Paint {
  if (!io.isTerminal || io.environment.NO_COLOR) return (text) => text;
  return (text, colour) => `\u001b[${CODES[colour]}m${text}\u001b[0m`;
}

export function paintStatus(paint: Paint, status: Status, text: string = status): string {
  return paint(text, STATUS_COLOURS[status]);
}

/** Replaces control characters: a text of a checked service must not steer the terminal. */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n]/gu, "\u{fffd}");
}

/** The two largest units, for example `3d 4h`. `ms`: milliseconds. */
export function duration(ms: number): string {
  let rest = Math.max(0, Math.floor(ms / 1_000));
  const parts: string[] = [];
  for (const [unit, seconds] of UNITS) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) parts.push(`${count}${unit}`);
    else if (parts.length > 0) break;
  }
  return parts.slice(0, 2).join(" ") || "0s";
}

export interface Cell {
  text: string;
  /** Paints the text after it was padded, so that the columns stay aligned. */
  paint?: (text: string) => string;
}

/** Returns the lines of a table with aligned columns. */
export function tableLines(header: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const all: Cell[][] = [header.map((text) => ({ text })), ...rows.map((row) => row.map(inOneLine))];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.text.length ?? 0)));
  return all.map((row) =>
    row
      .map(({ text, paint }, column) => {
        const isLast = column === row.length - 1;
        const padding = isLast ? "" : " ".repeat((widths[column] ?? 0) - text.length);
        return `${paint === undefined ? text : paint(text)}${padding}`;
      })
      .join("  ")
      .trimEnd(),
  );
}

function inOneLine(cell: Cell): Cell {
  return { ...cell, text: printable(cell.text).replaceAll("\n", " ") };
}

/** For example `4.2 MB`. */
export function size(bytes: number): string {
  const [unit, power] = bytes < 1_000_000 ? (["kB", 1_000] as const) : (["MB", 1_000_000] as const);
  return `${(bytes / power).toFixed(bytes < 10 * power ? 1 : 0)} ${unit}`;
}
