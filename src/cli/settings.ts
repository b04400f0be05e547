/** Where a local hub's settings come from: wrangler.toml, what `npm start` presets, the environment, flags. */
import { parseSettings, SettingsError } from "../env.ts";
import { UsageError } from "./arguments.ts";

const PROBE_SECRET = /^PROBE_SECRET_[A-Z0-9_]+$/;

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
    .map((known) => ({ known, distance: editDistance(name, known) }))
    .sort((a, b) => a.distance - b.distance)
    .find(({ known, distance }) => distance <= Math.max(2, known.length / 3));
  const hint = nearest === undefined ? "" : `; did you mean ${nearest.known}?`;
  return `--var: no setting is called ${name}${hint}\nSettings: ${[...names].sort().join(", ")}, PROBE_SECRET_…`;
}

/** Levenshtein's, one row at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...to].entries()) {
      const change = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
