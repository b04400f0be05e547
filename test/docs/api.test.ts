import { beforeAll, describe, expect, test } from "vitest";
import { FIELD_NAMES } from "../../src/core/service/service-definition.ts";
import { type ApiFacts, apiFacts } from "./api-facts.ts";
import { codesIn, read, rowsIn, section } from "./pages.ts";

const api = read("docs/api.md");
const checks = read("docs/checks.md");
const ROUTE = /^(GET|POST|PUT|PATCH|DELETE) \//;

let facts: ApiFacts;
beforeAll(async () => {
  facts = await apiFacts();
});

/** The names in the first cells of the tables below a heading. */
function firstCells(markdown: string, heading: string): string[] {
  return rowsIn(section(markdown, heading)).flatMap(([first = ""]) => codesIn(first));
}

describe("docs/api.md", () => {
  test("names every route of the app, and no other", () => {
    const sockets = codesIn(api).filter((code) => /^\/ws\/[\w/{}]+$/.test(code));
    const named = [...codesIn(api).filter((code) => ROUTE.test(code)), ...sockets.map((path) => `GET ${path}`)];
    expect([...new Set(named)].toSorted()).toEqual(facts.routes.toSorted());
  });

  test("has a row with the scopes and parameters of every operation of the API document", () => {
    const rows = rowsIn(section(api, "Routes")).map(([route = "", scope = "", , query = ""]) => ({
      route: codesIn(route)[0],
      scopes: scope === "signature of a hub" ? ["signature"] : codesIn(scope),
      parameters: codesIn(query),
    }));
    for (const operation of facts.operations) {
      const { route } = operation;
      expect(
        rows.find((row) => row.route === route),
        route,
      ).toEqual(operation);
    }
  });
});

describe("docs/checks.md", () => {
  test("has every field of a service", () => {
    expect(firstCells(checks, "Fields of a service").toSorted()).toEqual([...FIELD_NAMES].toSorted());
  });

  test("has every method, with a section", () => {
    const table = section(checks, "Methods").split("\n### ")[0] ?? "";
    expect(
      rowsIn(table)
        .flatMap(([first = ""]) => codesIn(first))
        .toSorted(),
    ).toEqual(facts.methods.toSorted());
    for (const method of facts.methods) expect(section(checks, method).length).toBeGreaterThan(50);
  });

  test("has every option", () => {
    expect(firstCells(checks, "Options").toSorted()).toEqual(facts.options.toSorted());
  });

  test("has every verdict and every status", () => {
    expect(firstCells(checks, "Verdicts").toSorted()).toEqual(facts.verdicts.toSorted());
    const statuses = rowsIn(section(checks, "Statuses")).map(([status = ""]) => status);
    expect(statuses.toSorted()).toEqual(facts.statuses.toSorted());
  });
});
