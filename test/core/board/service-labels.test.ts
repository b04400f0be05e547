import { describe, expect, test } from "vitest";
import { MAX_METADATA_BYTES, MAX_TAGS_BYTES, ServiceLabels } from "../../../src/core/board/service-labels.ts";

/** Of so many bytes as JSON. */
const metadataOf = (bytes: number) => ({ note: "x".repeat(bytes - '{"note":""}'.length) });
const small = { tags: ["eu"], metadata: { team: "a" } };

describe("the labels of services", () => {
  test("are those that were set last, and nothing for a service that is unknown or gone", () => {
    const labels = new ServiceLabels();
    labels.set(1, { tags: [], metadata: {} });
    labels.set(1, small);
    labels.set(2, small);
    labels.delete(2);
    labels.delete(3);
    expect([1, 2, 3].map((id) => labels.of(id))).toEqual([small, {}, {}]);
    expect(labels.leftOut).toEqual([]);
  });

  test("have the metadata of all services as long as it takes 1 MB in UTF-8, to the byte", () => {
    const labels = new ServiceLabels();
    const half = MAX_METADATA_BYTES / 2;
    labels.set(1, { tags: ["eu"], metadata: metadataOf(half) });
    labels.set(2, { tags: [], metadata: metadataOf(half) });
    expect(labels.leftOut).toEqual([]);
    labels.set(2, { tags: [], metadata: { note: `ü${metadataOf(half).note.slice(1)}` } });
    expect(labels.leftOut).toEqual(["metadata"]);
    expect([labels.of(1), labels.of(2)]).toEqual([{ tags: ["eu"] }, { tags: [] }]);
  });

  test("lack metadata that was too large until all of it is set again", () => {
    const labels = new ServiceLabels();
    labels.set(1, small);
    labels.set(2, { tags: [], metadata: metadataOf(MAX_METADATA_BYTES) });
    expect(labels.isOutgrown).toBe(false);
    labels.set(2, small);
    expect([labels.isOutgrown, labels.leftOut, labels.of(2)]).toEqual([true, ["metadata"], { tags: ["eu"] }]);
    labels.set(1, small);
    expect([labels.isOutgrown, labels.leftOut, labels.of(1)]).toEqual([false, [], small]);
  });

  test("that are too large fit again when a service or all of them go", () => {
    const labels = new ServiceLabels();
    labels.set(1, { tags: ["x".repeat(MAX_TAGS_BYTES)], metadata: metadataOf(MAX_METADATA_BYTES + 1) });
    labels.set(2, small);
    expect([labels.leftOut, labels.of(2)]).toEqual([["metadata", "tags"], {}]);
    labels.delete(1);
    expect(labels.isOutgrown).toBe(true);
    labels.clear();
    expect([labels.isOutgrown, labels.leftOut]).toEqual([false, []]);
  });
});
