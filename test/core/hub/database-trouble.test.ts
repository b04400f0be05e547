import { expect, test } from "vitest";
import { databaseTrouble } from "../../../src/core/hub/database-trouble.ts";

test.each([
  ["D1_ERROR: database or disk is full: SQLITE_FULL", "the database does not answer: the disk is full"],
  ["D1_ERROR: Exceeded maximum DB size", "the database is full, and nothing more is recorded until it has room"],
  ["D1_ERROR: attempt to write a readonly database: SQLITE_READONLY", "the database is read-only"],
  ["D1_ERROR: database disk image is malformed: SQLITE_CORRUPT", "the database is damaged"],
  ["file is not a database: SQLITE_NOTADB", "the database is damaged"],
  [
    "disk I/O error: SQLITE_IOERR (extended: SQLITE_IOERR_SHMSIZE)",
    "the database does not answer: its files can't be read or written",
  ],
  ["internal error; reference = h0qqbjpgpfrnj429ssddc6s0", "the database does not answer"],
])("'%s' is: %s", (text, words) => {
  expect(databaseTrouble(text)).toBe(words);
});

test.each(["D1_ERROR: no such table: services: SQLITE_ERROR", "UNIQUE constraint failed: SQLITE_CONSTRAINT", "x"])(
  "'%s' is no trouble of the database",
  (text) => {
    expect(databaseTrouble(text)).toBeNull();
  },
);

test.each([
  "HubUnreachable: it can't be reached: Network connection lost.",
  "HubUnreachable: it can't be reached: internal error; reference = abc",
  "Error: Network connection lost.",
])("%s is no trouble of the database", (text) => {
  expect(databaseTrouble(text)).toBeNull();
});
