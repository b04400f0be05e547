import { expect, test } from "vitest";
import type { KnownKey, PublicKey } from "../../src/core/federation/federation.ts";
import { isUsable, keyToTryNext, withListed, withUsed } from "../../src/federation/known-keys.ts";
import { NOW } from "../store/service-input.ts";

const key = (kid: string, over: Partial<KnownKey> = {}): KnownKey => ({
  kid,
  alg: "ed25519",
  x: "x".repeat(43),
  not_after: null,
  ...over,
});
const listed = (...kids: string[]): PublicKey[] => kids.map((kid) => key(kid));
const shown = (keys: readonly KnownKey[]) => keys.map(({ kid, used }) => `${kid} ${used ?? "as before"}`);

test("a key counts until its end, once it was used; what an older release believed counts", () => {
  expect(isUsable(key("a"), NOW)).toBe(true);
  expect(isUsable(key("a", { used: true }), NOW)).toBe(true);
  expect(isUsable(key("a", { used: false }), NOW)).toBe(false);
  expect(isUsable(key("a", { not_after: new Date(NOW + 1).toISOString() }), NOW)).toBe(true);
  expect(isUsable(key("a", { not_after: new Date(NOW).toISOString() }), NOW)).toBe(false);
});

test("a listed key is introduced, and counts when it was used", () => {
  const introduced = withListed([key("old")], listed("new", "old"), "old");
  expect(shown(introduced)).toEqual(["new false", "old true"]);
  expect(shown(withUsed(introduced, "new"))).toEqual(["new true", "old true"]);
});

test("a key that is not listed any more is given up, but never the one that signed", () => {
  const known = [key("a", { used: true }), key("b", { used: true })];
  expect(shown(withListed(known, listed("a"), "a"))).toEqual(["a true"]);
  expect(shown(withListed(known, listed("c"), "b"))).toEqual(["c false", "b true"]);
});

test("after a refusal the key before is tried, and after the oldest one the newest", () => {
  const own = listed("new", "old", "oldest");
  expect(["new", "old", "oldest", "gone", null].map((kid) => keyToTryNext(own, kid))).toEqual([
    ...["old", "oldest", "new", "new", "new"],
  ]);
  expect(keyToTryNext(listed("only"), "only")).toBe("only");
});
