import { expect, test } from "vitest";
import { refusalOf } from "../../src/backup/label.ts";

test.each([
  ["0.2.0", "0.2.0", false],
  ["0.2.0", "0.10.0", false],
  ["0.10.0", "0.2.0", true],
  ["0.2.1", "0.2", true],
  ["0.2.0-beta", "0.2.0", false],
])("a backup of version %s at a hub of version %s is refused: %s", (hub_version, reader, isRefused) => {
  const refusal = refusalOf({ hub_version, hub_id: null }, [], { hub_version: reader, migrations: ["1"], hub_id: "a" });
  expect(refusal !== null).toBe(isRefused);
});
