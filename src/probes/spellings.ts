/**
 * Finds a text in another one, however it is written there: as it is, in upper or lower case, percent-encoded (also
 * twice), escaped as in JSON or HTML, in base64 at any place of a longer text, or in hex.
 */

/** So many first characters of a longer text are enough to recognise it. */
const KNOWN_BY_UNITS = 16;
/** So many first characters at the end of a text are taken for the beginning of a longer one. */
const OPEN_UNITS = 4;
/** Backslashes that escaping makes of one. All repetitions have an end, so that no text takes long. */
const MOST_ESCAPES = 8;
/** Fewer certain characters of base64 may be a part of anything. */
const MIN_BASE64 = 4;

/** One character of the text: the ways to write it, each a pattern that matches at `lastIndex`. */
type Unit = readonly RegExp[];

interface Spelling {
  /** Finds the first units. */
  head: RegExp;
  /** Finds as many as OPEN_UNITS. */
  open: RegExp;
  units: readonly Unit[];
}

interface Writing {
  units: readonly (readonly string[])[];
  flags: "" | "i";
}

/** The ways to write one text. They are made when they are needed first. */
export class Spellings {
  readonly #text: string;
  #made: readonly Spelling[] | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  /** Returns the text with every occurrence replaced, also one of which only a beginning of 16 characters is there. */
  replace(text: string, by: string): string {
    const found = this.#all().flatMap((spelling) => placesIn(text, spelling));
    return withoutPlaces(text, found, by);
  }

  /** Whether all of it stands at `at`. */
  isAt(text: string, at: number): boolean {
    return this.#all().some(({ units }) => reach(text, at, units).isWhole);
  }

  /** Returns where the last characters begin that may go on as this text; null: they can't. */
  openAt(text: string): number | null {
    const found = this.#all().flatMap(({ open, units }) =>
      [...text.matchAll(open)].filter(({ index }) => reach(text, index, units).end === text.length),
    );
    return found.length === 0 ? null : Math.min(...found.map(({ index }) => index));
  }

  #all(): readonly Spelling[] {
    this.#made ??= writingsOf(this.#text).map(compiled);
    return this.#made;
  }
}

/** Of a text. */
export interface Place {
  from: number;
  to: number;
}

function placesIn(text: string, { head, units }: Spelling): Place[] {
  const places: Place[] = [];
  head.lastIndex = 0;
  for (let found = head.exec(text); found !== null; found = head.exec(text)) {
    const to = Math.max(reach(text, found.index, units).end, head.lastIndex);
    places.push({ from: found.index, to });
    head.lastIndex = to;
  }
  return places;
}

/** Places that overlap are replaced as one. */
export function withoutPlaces(text: string, places: readonly Place[], by: string): string {
  let result = "";
  let end = 0;
  for (const { from, to } of places.toSorted((a, b) => a.from - b.from)) {
    if (from >= end) result += text.slice(end, from) + by;
    end = Math.max(end, to);
  }
  return result + text.slice(end);
}

/** Where the units that follow each other from `start` end. A character may be read in several ways, so all are tried. */
function reach(text: string, start: number, units: readonly Unit[]): { end: number; isWhole: boolean } {
  let ends = new Set([start]);
  for (const unit of units) {
    const next = new Set<number>();
    for (const at of ends) for (const end of endsOfUnit(text, at, unit)) next.add(end);
    if (next.size === 0) return { end: Math.max(...ends), isWhole: false };
    ends = next;
  }
  return { end: Math.max(...ends), isWhole: true };
}

function endsOfUnit(text: string, at: number, unit: Unit): number[] {
  return unit.flatMap((way) => {
    way.lastIndex = at;
    return way.test(text) ? way.lastIndex : [];
  });
}

function compiled({ units, flags }: Writing): Spelling {
  return {
    head: new RegExp(inARow(units.slice(0, KNOWN_BY_UNITS)), `g${flags}`),
    open: new RegExp(inARow(units.slice(0, OPEN_UNITS)), `g${flags}`),
    units: units.map((ways) => ways.map((way) => new RegExp(way, `y${flags}`))),
  };
}

/** A pattern that finds the units one after the other. */
export function inARow(units: Writing["units"]): string {
  return units.map((ways) => `(?:${ways.join("|")})`).join("");
}

function writingsOf(text: string): Writing[] {
  const bytes = [...new TextEncoder().encode(text)];
  const misread = String.fromCharCode(...bytes); // UTF-8 that was taken for Latin-1
  const texts = new Set([text, text.trim(), misread]);
  return [
    ...[...texts].map((each): Writing => ({ units: plainUnits(each), flags: "i" })),
    ...[0, 1, 2].flatMap((skipped) => base64Writing(bytes, skipped)),
    { units: bytes.map((byte) => [hex(byte, 2)]), flags: "i" },
  ];
}

/** Several backslashes are one unit, because each escaping makes more of them. */
export function plainUnits(text: string): string[][] {
  return [...text.matchAll(/\\+|./gsu)].map(([part]) => {
    if (!part.startsWith("\\")) return waysOf(part);
    const literally = [8, 4, 2].map((times) => `\\\\{${times * part.length}}`);
    return [...literally, ...waysOf("\\").map((way) => `(?:${way}){${part.length}}`)];
  });
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "amp",
  "<": "lt",
  ">": "gt",
  '"': "quot",
  "'": "apos",
  " ": "nbsp",
};
const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  "\b": "b",
  "\f": "f",
  "\n": "n",
  "\r": "r",
  "\t": "t",
};

/** Patterns for one character. */
function waysOf(character: string): string[] {
  const code = character.codePointAt(0) ?? 0;
  const bytes = [...new TextEncoder().encode(character)];
  const unitsOf16 = Array.from({ length: character.length }, (_none, index) => hex(character.charCodeAt(index), 4));
  const isSign = code < 0x80 && /[^\w\s]/.test(character) && character !== "\\";
  const entity = ENTITIES[character];
  const short = SHORT_ESCAPES[character];
  return [
    ...["%2525", "%25", "%"].map((sign) => bytes.map((byte) => sign + hex(byte, 2)).join("")),
    unitsOf16.map((unit) => `\\\\{1,${MOST_ESCAPES}}u${unit}`).join(""),
    `\\\\{1,${MOST_ESCAPES}}u\\{0{0,6}${code.toString(16)}\\}`,
    ...(code < 0x100 ? [`\\\\{1,${MOST_ESCAPES}}x${hex(code, 2)}`] : []),
    `&(?:amp;){0,4}#(?:0{0,6}${code}|x0{0,6}${code.toString(16)});`,
    ...(entity === undefined ? [] : [`&(?:amp;){0,4}${entity};`]),
    ...(short === undefined ? [] : [`\\\\{1,${MOST_ESCAPES}}${short}`]),
    ...(character === " " ? ["\\+"] : []),
    (isSign ? `\\\\{0,${MOST_ESCAPES}}` : "") + unitsOf16.map((unit) => `\\u${unit}`).join(""),
  ];
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

const ANY_BASE64 = "[A-Za-z0-9+/_-]";

/**
 * Base64 of the bytes after `skipped` others. The first and the last character may be made of other bytes, too. Both
 * alphabets, and escaped as in JSON and in addresses (RFC 4648, 4 and 5).
 */
function base64Writing(bytes: readonly number[], skipped: number): Writing[] {
  const all = btoa(String.fromCharCode(...Array.from({ length: skipped }, () => 0), ...bytes)).replace(/=+$/, "");
  const isOpen = (skipped + bytes.length) % 3 !== 0;
  const certain = all.slice(skipped === 0 ? 0 : skipped + 1, isOpen ? -1 : undefined);
  if (certain.length < MIN_BASE64) return [];
  const units = [
    ...(skipped === 0 ? [] : [ANY_BASE64]),
    ...Array.from(certain, (character) => BASE64_SIGNS[character] ?? character),
    ...(isOpen ? [ANY_BASE64] : []),
  ];
  return [{ units: units.map((unit) => [unit]), flags: "" }];
}

const BASE64_SIGNS: Readonly<Record<string, string>> = {
  "+": "(?:\\+|-|%(?:25){0,4}2[bB])",
  "/": "(?:\\\\{0,8}\\/|_|%(?:25){0,4}2[fF])",
};
