import { describe, expect, it } from "vitest";
import { queryRefusal, secretIn, secretNames, secretRefusal, secretRules } from "../../../src/core/service/secrets.ts";

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

  it.each([
    ["db.example.com:5432", "db.example.com", 5432, true],
    ["db.example.com:5432", "db.example.com", 5433, false],
    ["db.example.com:5432", "db.example.com", undefined, false],
    ["db.example.com", "db.example.com", 5433, true],
    ["*.internal:80,*.internal:81", "a.internal", 81, true],
    ["*:443", "anyone.net", 443, true],
    ["*:443", "anyone.net", 80, false],
    ["[fd00::7]:80", "fd00::7", 80, true],
    ["[fd00::7]:80", "fd00::7", 81, false],
    ["fd00:0::7", "fd00::7", 81, true],
    ["10.0.0.7:0", "10.0.0.7", 0, false],
    ["10.0.0.7:99999", "10.0.0.7", 99_999, false],
    ["10.0.0.7:x", "10.0.0.7", 80, false],
  ])("with hosts %j to %s, port %s: %s", (hosts, host, port, expected) => {
    expect(rules(hosts)(NAME, host, port)).toBe(expected);
  });

  it("anywhere, where only its owner uses the hub", () => {
    expect(rules(undefined, true)(NAME, "anyone.net")).toBe(true);
  });

  it("only where every secret of a check may go, wherever the check names it", () => {
    const parts = { password: `\${${NAME}}`, headers: { a: "x${PROBE_SECRET_OTHER}y" } };
    expect(secretNames(parts)).toEqual([NAME, "PROBE_SECRET_OTHER"]);
    expect(secretRefusal(parts, { host: "db" }, rules("db"))).toBe(
      "PROBE_SECRET_OTHER may not be sent to db: PROBE_SECRET_OTHER_HOSTS must name it",
    );
    expect(secretRefusal({ user: "app" }, { host: "db" }, rules())).toBeNull();
  });
});

it.each<[string | undefined, (string | null)[], boolean]>([
  [undefined, [`\${${NAME}}`], false],
  ["SELECT 1", ["app", null], false],
  [`SELECT '\${${NAME}}'`, [null], true],
  ["SELECT current_user", [null, `\${${NAME}}`], true],
])("a query %j of the login %j is refused: %s", (query, logins, isRefused) => {
  const expected = `a query could find out ${NAME} bit by bit: only the password may be a secret`;
  expect(queryRefusal(query, logins)).toBe(isRefused ? expected : null);
});

it("the hosts of a secret are no secret, and neither is another variable", () => {
  const vars = { [NAME]: "value", [`${NAME}_HOSTS`]: "db", HUB_ADMIN_TOKEN: "token", PROBE_SECRET_EMPTY: "" };
  const names = [NAME, `${NAME}_HOSTS`, "HUB_ADMIN_TOKEN", "PROBE_SECRET_EMPTY", "PROBE_SECRET_NOBODY"];
  expect(names.map((name) => secretIn(vars, name))).toEqual(["value", undefined, undefined, undefined, undefined]);
});
