import { expect, test } from "vitest";
import { toService } from "../../../src/core/board/service-view.ts";
import { shownService } from "../../../src/core/board/shown-service.ts";
import { T0 } from "../fixtures.ts";
import { aRow } from "../rows.ts";

const service = (health_url: string, health_options: object = {}) =>
  toService(aRow({ health_url, health_options }), null, T0);

test("who may change a service sees all of it", () => {
  const whole = service("https://a.example.com/x?sig=abc", { headers: { "PRIVATE-TOKEN": "t" } });
  expect(shownService(whole, true)).toEqual({ ...whole, hidden: [] });
});

test.each([
  ["https://a.example.com/x?sig=abc", "https://a.example.com/x?…"],
  ["https://a.example.com/x#token", "https://a.example.com/x?…"],
  ["https://me:word@a.example.com/x?a=b@c", "https://…@a.example.com/x?…"],
  ["redis://:word@cache:6379/1", "redis://…@cache:6379/1"],
  ["https://a.example.com/x", null],
  ["cache:6379", null],
  ["", null],
])("others see of the target %s only what it leads to", (target, shown) => {
  expect(shownService(service(target), false)).toMatchObject({
    health_url: shown ?? target,
    hidden: shown === null ? [] : ["health_url"],
  });
});

test("others see limits and switches, and of everything else only that it is there", () => {
  const options = { degraded_above_ms: 500, body: "key=1", headers: { Authorization: "x" }, query: "SELECT 1" };
  expect(shownService(service("https://a", options), false)).toMatchObject({
    health_options: { degraded_above_ms: 500 },
    hidden: ["health_options.body", "health_options.headers", "health_options.query"],
  });
});
