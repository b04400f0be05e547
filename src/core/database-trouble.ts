/** Says in plain words what is wrong with the database, for /health, for answers and for the log. */

export const NO_ANSWER = "the database does not answer";

const WORDS: readonly [RegExp, string][] = [
  [/SQLITE_FULL|database or disk is full/, `${NO_ANSWER}: the disk is full`],
  [/SQLITE_READONLY|readonly database/, "the database is read-only"],
  [/SQLITE_CORRUPT|SQLITE_NOTADB|disk image is malformed|file is not a database/, "the database is damaged"],
  [/SQLITE_IOERR|SQLITE_CANTOPEN|disk I\/O error/, `${NO_ANSWER}: its files can't be read or written`],
  [/D1_TIMEOUT/, `${NO_ANSWER} in time`],
  [/internal error; reference|Network connection lost/, NO_ANSWER],
];

/** `text`: of an error. Returns null for an error that is no trouble of the database itself, such as a wrong query. */
export function databaseTrouble(text: string): string | null {
  return WORDS.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}
