import { describe, expect, test } from "vitest";
import { proposalsAt } from "../../src/dashboard/model/manifest-cursor.ts";
import { placedErrors, syntaxErrors } from "../../src/dashboard/model/manifest-errors.ts";

/** The cursor is at `|`. */
function labelsAt(text: string): string[] {
  const [before = "", after = ""] = text.split("|");
  return proposalsAt(before, after).all.map(({ label }) => label);
}

describe("the editor of a manifest completes", () => {
  test("the only field at the top", () => expect(labelsAt("|")).toEqual(["services"]));

  test("fields of a service, without those that it has, above or below the cursor", () => {
    const labels = labelsAt("services:\n  - name: db\n    |\n    health_url: x:1\n  - name: api\n    agent: dc-1\n");
    expect(labels).toContain("health_method");
    expect(labels).toContain("agent");
    expect(labels).not.toContain("name");
    expect(labels).not.toContain("health_url");
    expect(labels).not.toContain("services");
  });

  test("the first field of an entry, also when the dash stands below its list", () => {
    expect(labelsAt("services:\n  - name: db\n  - |")).toContain("name");
    expect(labelsAt("services:\n- na|")).toContain("name");
  });

  test("options of the method of the service, without those that it has", () => {
    const http = labelsAt(
      "services:\n  - name: db\n    health_method: http\n    health_options:\n      body: x\n      |\n",
    );
    expect(http).toContain("expected_status");
    expect(http).not.toContain("body");
    expect(http).not.toContain("query");
    const postgres = labelsAt("services:\n  - health_method: postgres\n    health_options:\n      |");
    expect(postgres).toContain("query");
    expect(postgres).not.toContain("expected_status");
  });

  test("values that are words of a list", () => {
    expect(labelsAt("services:\n  - health_method: |")).toContain("postgres");
    expect(labelsAt("services:\n  - enabled: t|")).toEqual(["true", "false"]);
    expect(labelsAt("services:\n  - name: |")).toEqual([]);
  });

  test("nothing inside of what people define themselves", () => {
    expect(labelsAt("services:\n  - name: db\n    metadata:\n      |")).toEqual([]);
    expect(labelsAt("services:\n  - tags: [a, |")).toEqual([]);
  });

  test("the word at the cursor, with the meaning of the field", () => {
    const { replaces, all } = proposalsAt("services:\n  - name: db\n    health_int", "");
    expect(replaces).toBe("health_int".length);
    expect(all.find(({ label }) => label === "health_interval")).toEqual({
      label: "health_interval",
      text: "health_interval: ",
      meaning: "Seconds; default 30",
    });
    expect(all.filter(({ meaning }) => meaning === "")).toEqual([]);
  });
});

describe("errors are marked", () => {
  const text = "services:\n  - name: db\n    health_method: tcp\n    health_url: nowhere\n  - name: api\n";
  const marked = (path: string) =>
    placedErrors(text, [{ path, message: "wrong" }]).map(({ from, to }) => text.slice(from, to));

  test("at the value of the field that the hub names", () => {
    expect(marked("services[0].health_url")).toEqual(["nowhere"]);
    expect(marked("services[1].name")).toEqual(["api"]);
  });

  test("at the service, when the field is not written there", () => {
    expect(marked("services[1].health_method")).toEqual(["name: api"]);
    expect(marked("services[0].health_options.method")).toEqual(["name: db"]);
  });

  test("nowhere, when they name no field", () => expect(marked("")).toEqual([]));

  test("where the text is no YAML", () => {
    const [error] = syntaxErrors("services:\n  - name: [a\n");
    expect(error?.from).toBeGreaterThan(10);
    expect(error?.message).not.toBe("");
    expect(syntaxErrors(text)).toEqual([]);
    expect(syntaxErrors("")).toEqual([]);
  });
});
