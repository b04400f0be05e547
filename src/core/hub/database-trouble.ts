/** Says in plain words what is wrong with the database, for /health, for answers and for the log. */

export const NO_ANSWER = "the database does not answer";

/** D1 limits the size of a database, and that of all databases of an account. */
export const DATABASE_FULL = "the database is full, and nothing more is recorded until it has room";

const WORDS: readonly [RegExp, string][] = [
  [/SQLITE_FULL|database or disk is full/, `${NO_ANSWER}: the disk is full`],
  // https://developers.cloudflare.com/d1/observability/debug-d1/: it can still be read, and rows can be deleted.
  [/Exceeded maximum (DB size|account storage)/, DATABASE_FULL],
  [/SQLITE_READONLY|readonly database/, "the database is read-only"],
  [/SQLITE_CORRUPT|SQLITE_NOTADB|disk image is malformed|file is not a database/, "the database is damaged"],
  [/SQLITE_IOERR|SQLITE_CANTOPEN|disk I\/O error/, `${NO_ANSWER}: its files can't be read or written`],
  [/D1_TIMEOUT/, `${NO_ANSWER} in time`],
  // The first also for an object whose storage is on the same disk.
  [/internal error; reference|D1_ERROR: Network connection lost/, NO_ANSWER],
];
/** Errors that tell of another hub. The runtime has the same words for any connection that fails. */
const OF_OTHERS = /^(HubUnreachable|ProtocolError): /;

/** `text`: of an error. Returns null for an error that is no trouble of the database itself, such as a wrong query. */
export function databaseTrouble(text: string): string | null {
  if (OF_OTHERS.test(text)) return null;
  return WORDS.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}
