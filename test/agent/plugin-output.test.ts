import { describe, expect, test } from "vitest";
import { readPlugin } from "../../src/agent/plugin-output.ts";

describe("a plugin", () => {
  test.each([
    [0, "ok", null],
    [1, "warn", "exec: DISK - 5 GB free"],
    [2, "fail", "exec: DISK - 5 GB free"],
    [3, "unprobeable", "exec: DISK - 5 GB free"],
    [127, "fail", "exec: DISK - 5 GB free"],
  ])("that ends with %i is %s", (code, verdict, error) => {
    const result = readPlugin(code, "DISK - 5 GB free | /=5GB;10;20;0;100\nmore text\n");
    expect(result).toEqual({ verdict, error, details: { "/": 5, output: "DISK - 5 GB free" } });
  });

  test("that says nothing is told by its exit code", () => {
    expect(readPlugin(2, "")).toEqual({ verdict: "fail", error: "exec: exit code 2", details: {} });
    expect(readPlugin(0, "\n")).toEqual({ verdict: "ok", error: null, details: {} });
  });

  test("has performance data with units, limits, quotes and further lines", () => {
    const output =
      "OK|load1=0.420;5.0;4.0;0; 'disk a''b'=12.5%;;;; time=-1.5e-3s\nlong text | rta=0.8ms x=U\nmore=7c\n|last=1";
    expect(readPlugin(0, output).details).toEqual({
      output: "OK",
      load1: 0.42,
      "disk a'b": 12.5,
      time: -0.0015,
      rta: 0.8,
      last: 1,
    });
  });

  test("can't fill the memory, hide control characters or take over a field", () => {
    const many = Array.from({ length: 100 }, (_, k) => `v${k}=${k}`).join(" ");
    const { details } = readPlugin(0, `a\u0000b\u001b[31m|output=1 version=2 __proto__=3 ${many}`);
    expect(Object.keys(details)).toHaveLength(33);
    expect(details.output).toBe("a b [31m");
    expect(details.version).toBeUndefined();
    expect(Object.getPrototypeOf(details)).toBe(Object.prototype);
    expect(readPlugin(2, "x".repeat(10_000)).error?.length).toBe(300);
  });
});

test("a secret of the agent is in nothing that a plugin says, wherever it is cut", () => {
  const environment = {
    PROBE_SECRET_DB: "hunter2-hunter2-hunter2",
    PROBE_SECRET_DB_HOSTS: "db.example.com",
    PROBE_SECRET_PIN: "123456",
    HUB_KEY: "hub_0123456789abcdef",
    PATH: "/usr/bin",
  };
  const encoded = btoa(environment.PROBE_SECRET_DB);
  const output = `${"x".repeat(190)}${environment.PROBE_SECRET_DB} ${encoded}|pin=123456 ${environment.HUB_KEY}=7\n`;
  const found = JSON.stringify(readPlugin(2, output, environment));
  for (const told of ["hunter", encoded.slice(0, 8), "123456", "hub_012"]) expect(found).not.toContain(told);
  expect(readPlugin(2, `db.example.com ${environment.PROBE_SECRET_PIN}`, environment).error).toBe(
    "exec: db.example.com ${PROBE_SECRET_PIN}",
  );
});
