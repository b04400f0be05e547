import { describe, expect, test } from "vitest";
import { unknownState } from "../../../src/core/board/board-entry.ts";
import { parseSummary, type Summary, summarize, summarySchema } from "../../../src/core/board/summary.ts";
import { withinSize } from "../../../src/core/board/summary-size.ts";
import { jsonBytes } from "../../../src/core/values/json-value.ts";
import { aCheck, T0 } from "../fixtures.ts";

const live = { ...unknownState(T0), status: "up" as const };

function summaryOf(count: number, labels: { tags?: string[]; metadata?: Record<string, unknown> }): Summary {
  const services = Array.from({ length: count }, (_, index) => {
    return { ...aCheck({ name: `service-${index}`, version: "1.2.3" }), live, labels };
  });
  return summarize("hub-a", services, [], T0);
}

const fieldsOf = (summary: Summary) => Object.keys(summary.services[0] ?? {});

describe("a summary", () => {
  test("has the tags and the metadata of each service, and does not say that something was left out", () => {
    const summary = summaryOf(1, { tags: ["eu"], metadata: { team: { name: "a" } } });
    expect(summary.services).toMatchObject([{ tags: ["eu"], metadata: { team: { name: "a" } } }]);
    expect(summary).not.toHaveProperty("left_out");
    expect(summarySchema.parse(parseSummary(JSON.stringify(summary)))).toEqual(summary);
  });

  test("of an older hub, without these fields, is a summary as well", () => {
    const older = summaryOf(1, {});
    expect(fieldsOf(older)).not.toContain("tags");
    expect(summarySchema.parse(older)).toEqual(older);
  });

  test("names what was too large", () => {
    expect(summarize("hub-a", [], [], T0, ["metadata"])).toMatchObject({ left_out: ["metadata"] });
  });
});

describe("a summary that is too large for its message", () => {
  const whole = summaryOf(100, { tags: ["ü".repeat(50)], metadata: { note: "x".repeat(100) } });

  test("stays as it is when it has just the size", () => {
    expect(withinSize(whole, jsonBytes(whole))).toBe(whole);
  });

  test("goes without metadata, then without tags, then without what the services tell of themselves", () => {
    const bare = withinSize(whole, 1);
    expect(bare.left_out).toEqual(["metadata", "tags", "version", "uptime_seconds"]);
    expect(fieldsOf(bare)).toEqual(["name", "project", "type", "status", "latency_ms"]);
    const withTags = withinSize(whole, jsonBytes(whole) - 1);
    expect(withTags.left_out).toEqual(["metadata"]);
    expect(fieldsOf(withTags)).toContain("tags");
    const without = withinSize(whole, jsonBytes(withTags) - 1);
    expect(without.left_out).toEqual(["metadata", "tags"]);
    expect(fieldsOf(without)).toContain("version");
    for (const each of [bare, withTags, without]) expect(summarySchema.parse(each)).toEqual(each);
  });

  test("still names what was left out before", () => {
    const before = { ...summaryOf(10, { tags: ["eu"] }), left_out: ["metadata" as const] };
    expect(withinSize(before, jsonBytes(before) - 1).left_out).toEqual(["metadata", "tags"]);
  });

  test("of 10,000 services fits into what a NATS server takes by default", () => {
    const many = summaryOf(10_000, { tags: ["eu", "critical"], metadata: { team: "a" } });
    const sent = withinSize(many, 1_048_576 - 1_024);
    expect(jsonBytes(sent)).toBeLessThanOrEqual(1_048_576 - 1_024);
    expect(sent.services).toHaveLength(10_000);
    expect(sent.left_out?.slice(0, 2)).toEqual(["metadata", "tags"]);
  });
});
