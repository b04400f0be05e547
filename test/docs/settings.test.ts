import { expect, test } from "vitest";
import { settingNames } from "../../src/cli/start/settings.ts";
import { warningsOf } from "../../src/cli/start/var-files.ts";
import { parseSettings } from "../../src/core/hub/settings.ts";
import { codesIn, read, rowsIn } from "./pages.ts";

interface Documented {
  name: string;
  default: string;
  secret: string;
}

/** The rows with a name, a meaning, a default and whether it is secret. */
const documented: Documented[] = rowsIn(read("docs/settings.md"))
  .filter((cells) => cells.length === 4)
  .map(([name = "", , standard = "", secret = ""]) => ({
    name: codesIn(name)[0] ?? "",
    default: standard,
    secret,
  }));
/** Names with a part of one's own choice, which no schema has. */
const OPEN = ["PROBE_SECRET_X", "PROBE_SECRET_X_HOSTS"];

test("every setting of the schema stands in docs/settings.md, and no other", () => {
  expect(documented.map(({ name }) => name).toSorted()).toEqual([...settingNames(), ...OPEN].toSorted());
});

test("the defaults of docs/settings.md are those of the schema", () => {
  const defaults = new Map(Object.entries(parseSettings({})));
  for (const { name, default: text } of documented) {
    const value = defaults.get(name);
    const expected = value === undefined || (Array.isArray(value) && value.length === 0) ? null : String(value);
    if (expected === null) expect(text, name).toMatch(/^(none|nowhere)/);
    else expect(codesIn(text)[0], name).toBe(expected);
  }
});

test("those settings are called secret of which a command line warns", () => {
  for (const { name, secret } of documented) {
    const value = name === "NATS_URL" ? "wss://user:password@relay.example" : "value";
    const isSecret = warningsOf(new Map([[name, value]])).length > 0;
    expect(secret.startsWith("**yes**"), name).toBe(isSecret);
  }
});
