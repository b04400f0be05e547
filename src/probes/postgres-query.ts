/** The query of a postgres check: one statement in a read-only transaction that is never committed. */
import type { Connection } from "./connection.ts";
import {
  decode,
  errorOf,
  HEADER_BYTES,
  isRow,
  MAX_MESSAGE_BYTES,
  message,
  messagesOf,
  refusedCopy,
  type ServerError,
  serverWords,
  statement,
  withCode,
} from "./postgres-messages.ts";
import type { ProbeJob } from "./probe.ts";
import { ProbeFailure } from "./probe-failure.ts";
import { soon } from "./soon.ts";

/**
 * After its first statement nothing makes a transaction writable again (check_transaction_read_only of PostgreSQL). As
 * statements and not as parameters of the login, because a pooler refuses those that it does not know.
 */
const BEGIN = "BEGIN TRANSACTION READ ONLY; SELECT 1";
/** The one statement that a read-only transaction lets outlive it; some texts that only speak of it are refused, too. */
const PREPARES = /\bprepare\b.*\btransaction\b/is;
/** The verdict is certain by then: it only leaves a pooler a connection that others can use. */
const ROLLBACK_MS = 500;

/**
 * Runs the query and ignores its result. Returns when it had come, Unix ms. Throws a ProbeFailure when the server reports
 * an error, or when it is no query that a check may run.
 */
export async function query({ context, progress }: ProbeJob, connection: Connection, sql: string): Promise<number> {
  if (PREPARES.test(sql)) throw unfit("the query would leave a prepared transaction behind, and checks only read");
  await connection.write(message("Q", `${BEGIN}\0`));
  const begun = await receiveAll(connection);
  if (begun.error !== null) throw beginFailure(begun.error);
  if (begun.state !== STATE.open) throw unfit(NO_TRANSACTION);
  progress.stage = "the query did not come back";
  await connection.write(statement(sql));
  const { error, state } = await receiveAll(connection);
  const certainAt = context.now();
  if (state === STATE.open || state === STATE.failed) await soon(ROLLBACK_MS, rollBack(connection), undefined);
  if (error !== null) throw queryFailure(error);
  if (state === STATE.none) throw unfit("the query ends its transaction, and checks run it in a read-only one");
  return certainAt;
}

async function rollBack(connection: Connection): Promise<void> {
  await connection.write(message("Q", "ROLLBACK\0"));
  await receiveAll(connection);
}

/** Of the session's transaction, in ReadyForQuery. */
const STATE = { none: "I", open: "T", failed: "E" } as const;

interface Answer {
  error: ServerError | null;
  /** Of STATE; null: the answer had no end, or more rows than are read. */
  state: string | null;
}

/** Reads the answer to what was sent, until ReadyForQuery. */
async function receiveAll(connection: Connection): Promise<Answer> {
  let error: ServerError | null = null;
  let left = MAX_MESSAGE_BYTES;
  try {
    for await (const answer of messagesOf(connection, true)) {
      const { type, length, body } = answer;
      if (type === "Z") return { error, state: decode(body) };
      if (type === "E") error = errorOf(body);
      if (type === "G") await connection.write(refusedCopy()); // COPY … FROM STDIN
      left -= HEADER_BYTES + length;
      if (left < 0 && isRow(answer)) break;
    }
  } catch (cause) {
    if (error === null) throw cause; // who ends the connection has said why
  }
  return { error, state: null };
}

const WOULD_WRITE = "25006"; // read_only_sql_transaction
/** active_sql_transaction, invalid_transaction_termination */
const NOT_IN_TRANSACTION = ["25001", "2D000"];
const NO_TRANSACTION = "a query is run only in a read-only transaction, and none can be begun here";
/** feature_not_supported, or what PgBouncer says, whose code is the same for everything. */
const HAS_NONE = /^0A000$|not allowed in statement pooling mode|^invalid command 'BEGIN/;

function beginFailure(error: ServerError): ProbeFailure {
  if ([error.code, error.message].some((text) => HAS_NONE.test(text))) return unfit(NO_TRANSACTION, error);
  return new ProbeFailure(serverWords(error), { answered: true });
}

function queryFailure(error: ServerError): ProbeFailure {
  if (error.code === WOULD_WRITE) return unfit("the query would write, and checks only read", error);
  if (NOT_IN_TRANSACTION.includes(error.code)) {
    return unfit("the query can't be run in a read-only transaction, and checks run it in nothing else", error);
  }
  if (error.code === "42601" && error.routine === "exec_parse_message") {
    return unfit("the query is several statements, and checks run one", error);
  }
  return new ProbeFailure(serverWords(error), { answered: true });
}

/** The check is wrong, which says nothing of the server. */
function unfit(words: string, error?: ServerError): ProbeFailure {
  const why = error === undefined ? "" : `: ${withCode(error)}`;
  return new ProbeFailure(`postgres: ${words}${why}`, { answered: true, verdict: "unprobeable" });
}
