import { expect, it } from "vitest";
import { accessOf, hasEnded } from "../../src/dashboard/model/shown-session.ts";

const signedIn = { signed_in: true, scope: "write", projects: null } as const;
const reader = { signed_in: false, scope: "read", projects: null } as const;
const nobody = { signed_in: false, scope: null, projects: null } as const;

it("a session that is gone without anybody signing out has ended, and the pages stay", () => {
  expect(hasEnded(signedIn, nobody, false)).toBe(true);
  expect(hasEnded(signedIn, reader, false)).toBe(true); // of a hub that everybody may read
  expect(hasEnded(signedIn, nobody, true)).toBe(false);
  expect(hasEnded(signedIn, signedIn, false)).toBe(false);
  expect(hasEnded(null, nobody, false)).toBe(false);
  expect(hasEnded(reader, nobody, false)).toBe(false);
});

it("pages go on with what was typed when the same access comes back, and begin anew with another", () => {
  expect(accessOf(signedIn)).toBe(accessOf({ ...signedIn }));
  for (const other of [reader, { ...signedIn, scope: "admin" as const }, { ...signedIn, projects: [3] }]) {
    expect(accessOf(other)).not.toBe(accessOf(signedIn));
  }
});
