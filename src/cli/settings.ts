/** Where a local hub's settings come from: wrangler.toml, what `npm start` presets, the environment, flags. */
import { parseSettings, SettingsError } from "../core/settings.ts";
import { UsageError } from "./arguments.ts";

const PROBE_SECRET = /^PROBE_SECRET_[A-Z0-9_]+$/;
/** Of two names' letter pairs, the shared part from which one may be meant for the other. */
const ALIKE = 0.5;

export type Environment = Readonly<Record<string, string | undefined>>;

export interface SettingSources {
  environment: Environment;
  flags: ReadonlyMap<string, string>;
}

/** The names that `parseSettings` asks its argument for, so that there is one list of them. */
export function settingNames(): string[] {
  const names = new Set<string>();
  const note = (name: string | symbol) => {
    if (typeof name === "string") names.add(name);
  };
  const asked = new Proxy(
    {},
    {
      get: (_target, name) => void note(name),
      has: (_target, name) => {
        note(name);
        return false;
      },
    },
  );
  parseSettings(asked);
  return [...names].filter((name) => /^[A-Z][A-Z0-9_]*$/.test(name));
}

/** Settings named by a flag or by an environment variable; an empty environment variable counts as none. */
export function givenSettings({ environment, flags }: SettingSources): Record<string, string> {
  const names = settingNames();
  const isSetting = (name: string) => names.includes(name) || PROBE_SECRET.test(name);
  for (const name of flags.keys()) {
    if (!isSetting(name)) throw new UsageError(unknownSetting(name, names));
  }
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && value !== "" && isSetting(name)) given[name] = value;
  }
  return { ...given, ...Object.fromEntries(flags) };
}

/** Throws a UsageError that names each wrong setting. */
export function validateSettings(settings: object): void {
  try {
    parseSettings(settings);
  } catch (error) {
    if (error instanceof SettingsError) throw new UsageError(error.message);
    throw error;
  }
}

function unknownSetting(name: string, names: readonly string[]): string {
  const nearest = names
    .map((known) => ({ known, likeness: likeness(name, known) }))
    .sort((a, b) => b.likeness - a.likeness)
    .find(({ likeness }) => likeness >= ALIKE);
  const hint = nearest === undefined ? "" : `; did you mean ${nearest.known}?`;
  return `--var: no setting is called ${name}${hint}\nSettings: ${[...names].sort().join(", ")}, PROBE_SECRET_…`;
}

/** From 0 to 1: the part of both words' letter pairs that they share (Jaccard). */
function likeness(one: string, other: string): number {
  const pairs = (word: string) => new Set(Array.from(word, (_letter, index) => word.slice(index, index + 2)));
  const [ones, others] = [pairs(one), pairs(other)];
  return ones.intersection(others).size / ones.union(others).size;
}
