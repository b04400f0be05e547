import { expect, test } from "vitest";
import { distanceKm, locationHint } from "../../../src/core/hub/nearness.ts";

const order = (near: string, regions: (string | null)[]) =>
  regions.toSorted((a, b) => distanceKm(near, a) - distanceKm(near, b));

test("the region itself is nearest, then its neighbours, and what nobody knows is last", () => {
  expect(order("weur", ["basement", "oc", "enam", "eeur", null, "weur"])).toEqual([
    ...["weur", "eeur", "enam", "oc"],
    ...["basement", null],
  ]);
});

test("names of clouds mean the same places, and two regions of one place are near but not the same", () => {
  expect(distanceKm("eu-west-1", "weur")).toBeLessThan(distanceKm("eu-west-1", "eeur"));
  expect(distanceKm("us-east-1", "us-east-1")).toBe(0);
  expect(distanceKm("us-east-1", "us-east-2")).toBe(1);
  expect(order("us-west-2", ["ap-northeast-1", "us-east1", "wnam"])).toEqual(["wnam", "us-east1", "ap-northeast-1"]);
});

test("a region that nobody knows is near to itself only", () => {
  expect(distanceKm("basement", "basement")).toBe(0);
  expect(distanceKm("basement", "weur")).toBe(distanceKm("basement", "attic"));
});

test.each([
  ["weur", "weur"],
  ["WEUR", "weur"],
  ["eu-central-1", "weur"],
  ["asia-northeast1", "apac-ne"],
  ["us-east1", "enam"],
  ["us-gov-west-1", "enam"],
  ["southamerica-east1", "sam"],
  ["ca-central-1", "enam"],
  [" weur ", "weur"],
  ["mexicocentral", null],
  ["metal", null],
  ["apartment", null],
  ["usb", null],
  ["eureka", null],
  ["basement", null],
  ["constructor", null],
  ["", null],
])("objects of a hub in %s begin in %s", (region, hint) => {
  expect(locationHint(region)).toBe(hint);
});
