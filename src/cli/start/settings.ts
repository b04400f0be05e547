/** The settings of a local hub that come from the environment and from flags. */
import { parseSettings, SettingsError } from "../../core/hub/settings.ts";
import { UsageError } from "../../node/command-line.ts";

const PROBE_SECRET = /^PROBE_SECRET_[A-Z0-9_]+$/;
/** From this similarity on (0 to 1), an error suggests the known name for the unknown name. */
const MIN_SIMILARITY = 0.5;

export type Environment = Readonly<Record<string, string | undefined>>;

interface SettingSources {
  environment: Environment;
  flags: ReadonlyMap<string, string>;
}

/** Returns the names that `parseSettings` reads from its argument. So `parseSettings` is the only list of names. */
export function settingNames(): string[] {
  const names = new Set<string>();
  const add = (name: string | symbol) => {
    if (typeof name === "string") names.add(name);
  };
  const recorder = new Proxy(
    {},
    {
      get: (_target, name) => void add(name),
      has: (_target, name) => {
        add(name);
        return false;
      },
    },
  );
  parseSettings(recorder);
  return [...names].filter((name) => /^[A-Z][A-Z0-9_]*$/.test(name));
}

/**
 * Returns the settings that a flag or an environment variable gives. A flag takes precedence. Empty environment
 * variables are ignored.
 */
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
    .map((known) => ({ known, score: similarity(name, known) }))
    .sort((a, b) => b.score - a.score)
    .find(({ score }) => score >= MIN_SIMILARITY);
  const hint = nearest === undefined ? "" : `; did you mean ${nearest.known}?`;
  return `--var: no setting is called ${name}${hint}\nSettings: ${[...names].sort().join(", ")}, PROBE_SECRET_…`;
}

/** Returns the Jaccard index of the letter pairs of both words, from 0 to 1. */
function similarity(one: string, other: string): number {
  const pairs = (word: string) => new Set(Array.from(word, (_letter, index) => word.slice(index, index + 2)));
  const [ones, others] = [pairs(one), pairs(other)];
  return ones.intersection(others).size / ones.union(others).size;
}
