import { describe, expect, it } from "vitest";
import { secretIn, secretNames, secretRefusal, secretRules } from "../../src/core/secrets.ts";

const NAME = "PROBE_SECRET_DB";
const rules = (hosts?: string, anywhere = false) =>
  secretRules({ [NAME]: "value", ...(hosts === undefined ? {} : { [`${NAME}_HOSTS`]: hosts }) }, anywhere);

describe("a secret may be sent", () => {
  it.each([
    ["db.example.com", "db.example.com", true],
    ["DB.example.com", "db.example.com", true],
    ["db.example.com", "evil.example.com", false],
    ["db.example.com", "db.example.com.evil.net", false],
    ["a.net, db.example.com", "db.example.com", true],
    ["*.internal", "db.eu.internal", true],
    ["*.internal", "internal", false],
    ["*.internal", "evil-internal", false],
    ["10.0.0.7", "10.0.0.7", true],
    ["*", "anyone.net", true],
    ["", "db.example.com", false],
    [",", "", false],
    [undefined, "db.example.com", false],
  ])("with hosts %j to %s: %s", (hosts, host, expected) => {
    expect(rules(hosts)(NAME, host)).toBe(expected);
  });

  it("anywhere, where only its owner uses the hub", () => {
    expect(rules(undefined, true)(NAME, "anyone.net")).toBe(true);
  });

  it("only where every secret of a check may go, wherever the check names it", () => {
    const parts = { password: `\${${NAME}}`, headers: { a: "x${PROBE_SECRET_OTHER}y" } };
    expect(secretNames(parts)).toEqual([NAME, "PROBE_SECRET_OTHER"]);
    expect(secretRefusal(parts, "db", rules("db"))).toBe(
      "PROBE_SECRET_OTHER may not be sent to db: PROBE_SECRET_OTHER_HOSTS must name it",
    );
    expect(secretRefusal({ user: "app" }, "db", rules())).toBeNull();
  });
});

it("the hosts of a secret are no secret, and neither is another variable", () => {
  const vars = { [NAME]: "value", [`${NAME}_HOSTS`]: "db", HUB_ADMIN_TOKEN: "token", PROBE_SECRET_EMPTY: "" };
  const names = [NAME, `${NAME}_HOSTS`, "HUB_ADMIN_TOKEN", "PROBE_SECRET_EMPTY", "PROBE_SECRET_NOBODY"];
  expect(names.map((name) => secretIn(vars, name))).toEqual(["value", undefined, undefined, undefined, undefined]);
});
