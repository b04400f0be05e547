/**
 * The postgres probe. Without a password and a query it does what `pg_isready` does. Otherwise it logs in, reads the
 * version and runs the query, in a read-only transaction that is never committed.
 */
import type { SslMode } from "../core/methods/target-form.ts";
import { Connection } from "./connection.ts";
import { failureFromError } from "./failure-words.ts";
import {
  decode,
  encode,
  errorOf,
  message,
  messagesOf,
  receive,
  type ServerMessage,
  STARTING_UP,
  serverWords,
  sslRequest,
  startup,
} from "./postgres-messages.ts";
import { query } from "./postgres-query.ts";
import { type CertificateCheck, PASSED, type ProbeJob, type ProbeResult, type Protocol } from "./probe.ts";
import { ProbeFailure } from "./probe-failure.ts";
import { hasSignature, type Md5, md5Password, scramFinal, scramFirst } from "./scram.ts";

const DEFAULT_USER = "commandcenter";
const NOT_AUTHORIZED = "28000"; // no line of pg_hba.conf lets the user in this way
/** Codes of AuthenticationXXX messages. */
const AUTH = { ok: 0, clear: 3, md5: 5, sasl: 10, saslContinue: 11, saslFinal: 12 } as const;
const NO_SERVER = "postgres: the answer is not that of a PostgreSQL server";

/** How a connection is secured; `offered`: by TLS if the server has it. */
type Way = "plain" | "offered" | "tls";

/** In libpq's order: the second way is for a server that rejects the first (libpq, "SSL Mode Descriptions"). */
const WAYS: Readonly<Record<SslMode, readonly [first: Way, second?: Way]>> = {
  disable: ["plain"],
  allow: ["plain", "tls"],
  prefer: ["offered", "plain"],
  require: ["tls"],
  "verify-ca": ["tls"],
  "verify-full": ["tls"],
};
/** As libpq: only `verify-full` checks all of a certificate, and `verify-ca` its chain. */
const CERTIFICATE_CHECKS: Readonly<Record<SslMode, CertificateCheck>> = {
  disable: "none",
  allow: "none",
  prefer: "none",
  require: "none",
  "verify-ca": "chain",
  "verify-full": "full",
};
const NOT_TRUSTED =
  "postgres: the certificate is not trusted, and it can't be left unchecked here: give the server a trusted one, use sslmode=prefer or disable, or let an agent check it";
const NOT_IN_PLAIN =
  "postgres: the certificate is not trusted, and without TLS the server lets nobody in: give the server a trusted one, or let an agent check it";

/** The server refused the login. */
class Rejection extends ProbeFailure {
  /** SQLSTATE. */
  readonly code: string;
  readonly isOverTls: boolean;

  constructor(words: string, code: string, isOverTls: boolean) {
    super(words, { answered: true });
    this.code = code;
    this.isOverTls = isOverTls;
  }
}

export const postgresProbe: Protocol = async (job): Promise<ProbeResult> => {
  const [first, second] = WAYS[job.target.sslmode];
  try {
    return await attempt(job, first);
  } catch (error) {
    if (second === undefined || !(error instanceof Rejection) || error.code === STARTING_UP) throw error;
    if (error.isOverTls === (second === "tls")) throw error;
    return await attempt(job, second).catch((other) => {
      throw tellingOf(error, other);
    });
  }
};

/** Of two failures, the one that says more: that no line of pg_hba.conf fits says least. */
function tellingOf(first: Rejection, second: unknown): unknown {
  if (!(second instanceof ProbeFailure)) return first;
  if (second.verdict !== "fail") return second;
  return first.code === NOT_AUTHORIZED && second instanceof Rejection && second.code !== NOT_AUTHORIZED
    ? second
    : first;
}

async function attempt(job: ProbeJob, way: Way): Promise<ProbeResult> {
  const { target, check, context } = job;
  const session = await openSession(job, way);
  const { connection } = session;
  const { query: sql, password = target.password } = check.health_options;
  const user = check.health_options.user ?? target.user ?? DEFAULT_USER;
  job.progress.stage = "no answer from postgres";
  await connection.write(startup(user, target.database ?? user));
  const first = await receive(connection);
  if (password === null && sql === undefined) {
    const result = readiness(first, connection);
    await connection.write(message("X", ""));
    return result;
  }
  if (session.isDowngraded) refuseInPlain(first);
  await logIn(session, first, { user, password, md5: context.md5, maxIterations: iterationsOf(context) });
  const version = await readyVersion(connection);
  const certainAt = sql === undefined ? context.now() : await query(job, connection, sql);
  await connection.write(message("X", ""));
  return { verdict: "ok", error: null, details: version === null ? {} : { version }, certainAt };
}

/**
 * Decides like PQping of libpq: a server that speaks the protocol accepts connections, unless it is starting up or
 * shutting down.
 */
function readiness(first: ServerMessage, connection: Connection): ProbeResult {
  if (first.type === "R") return PASSED;
  const error = errorOf(first.body);
  if (first.type !== "E") throw connection.failure(NO_SERVER);
  if (error.code === STARTING_UP) throw connection.failure(`postgres: rejecting: ${error.message}`);
  if (error.code === "") throw connection.failure(`postgres: ${error.message}`);
  return PASSED;
}

interface Session {
  connection: Connection;
  isOverTls: boolean;
  /** The server has TLS, and it is not used, because its certificate can't be left unchecked here. */
  isDowngraded: boolean;
}

async function openSession(job: ProbeJob, way: Way): Promise<Session> {
  if (way === "plain") return plain(await Connection.open(job, "off"));
  const connection = await Connection.open(job, "starttls", CERTIFICATE_CHECKS[job.target.sslmode]);
  job.progress.stage = "no answer from postgres";
  const answer = await askForTls(connection);
  if (answer === "S") return await secured(job, way, connection);
  if (answer !== "N") throw connection.failure(NO_SERVER);
  if (way === "tls") throw connection.failure("postgres: the server has no TLS");
  return plain(connection);
}

/** Returns the server's answer: `S`, TLS may begin; `N`, it has none. */
export async function askForTls(connection: Connection): Promise<string> {
  await connection.write(sslRequest());
  return decode(await connection.read(1));
}

function plain(connection: Connection, isDowngraded = false): Session {
  return { connection, isOverTls: false, isDowngraded };
}

/** Where libpq checks no certificate, a server is not down for having one of its own. */
async function secured(job: ProbeJob, way: Way, connection: Connection): Promise<Session> {
  const { target, context } = job;
  try {
    await connection.startTls();
    return { connection, isOverTls: true, isDowngraded: false };
  } catch (error) {
    connection.close();
    const mayBeTrust = CERTIFICATE_CHECKS[target.sslmode] === "none" && !context.canSkipVerification;
    const isOfTls = failureFromError(error, job.progress).unclear === "tls";
    if (!isOfTls || (way === "tls" && !mayBeTrust)) throw error;
    if (way === "offered") return plain(await Connection.open(job, "off"), mayBeTrust);
    const words = target.sslmode === "allow" ? NOT_IN_PLAIN : NOT_TRUSTED;
    throw new ProbeFailure(words, { answered: true, verdict: "unprobeable" });
  }
}

/** A password is not sent in clear text over a connection that the server would have encrypted. */
function refuseInPlain({ type, body }: ServerMessage): void {
  const isClear =
    type === "R" && body.length >= 4 && new DataView(body.buffer, body.byteOffset).getInt32(0) === AUTH.clear;
  const isRefused = type === "E" && errorOf(body).code === NOT_AUTHORIZED;
  if (isClear || isRefused) throw new ProbeFailure(NOT_IN_PLAIN, { answered: true, verdict: "unprobeable" });
}

interface Credentials {
  user: string;
  /** Null: the check has none. */
  password: string | null;
  md5: Md5;
  /** Of SCRAM. */
  maxIterations: number;
}

/** Workers derive no key with more iterations. PostgreSQL's default is 4,096. */
function iterationsOf({ canSkipVerification }: ProbeJob["context"]): number {
  return canSkipVerification ? 10_000_000 : 100_000;
}

async function logIn(
  session: Session,
  first: ServerMessage,
  { user, password, md5, maxIterations }: Credentials,
): Promise<void> {
  const { connection } = session;
  const code = authCode(first, session);
  if (code === AUTH.ok) return;
  if (password === null) throw connection.failure("postgres: the server asks for a password, and the check has none");
  switch (code) {
    case AUTH.clear:
      await connection.write(message("p", `${password}\0`));
      break;
    case AUTH.md5:
      await connection.write(message("p", `${await md5Password(user, password, first.body.subarray(4, 8), md5)}\0`));
      break;
    case AUTH.sasl:
      await saslLogIn(session, password, maxIterations);
      break;
    default:
      throw connection.failure(`postgres: asks for an unknown kind of login (${code})`);
  }
  if (authCode(await receive(connection), session) !== AUTH.ok) throw connection.failure("postgres: login failed");
}

async function saslLogIn(session: Session, password: string, maxIterations: number): Promise<void> {
  const { connection } = session;
  const nonce = crypto.randomUUID();
  await connection.write(message("p", saslInitial(scramFirst(nonce))));
  const final = await scramFinal(password, nonce, await authText(session, AUTH.saslContinue), maxIterations);
  if (final === "too costly") {
    const words = "postgres: the server wants more SCRAM iterations than can be done here; let an agent check it";
    throw new ProbeFailure(words, { answered: true, verdict: "unprobeable" });
  }
  if (final === null) throw connection.failure("postgres: the server's login message is not SCRAM");
  await connection.write(message("p", final.message));
  if (!hasSignature(await authText(session, AUTH.saslFinal), final.signature)) {
    throw connection.failure("postgres: the server does not know the password itself");
  }
}

function saslInitial(first: string): Uint8Array {
  const head = encode("SCRAM-SHA-256\0");
  const text = encode(first);
  const bytes = new Uint8Array(head.length + 4 + text.length);
  bytes.set(head);
  new DataView(bytes.buffer).setInt32(head.length, text.length);
  bytes.set(text, head.length + 4);
  return bytes;
}

async function authText(session: Session, expected: number): Promise<string> {
  const answer = await receive(session.connection);
  if (authCode(answer, session) !== expected) throw session.connection.failure("postgres: login failed");
  return decode(answer.body.subarray(4));
}

/** Throws a Rejection when the server refuses the login. */
function authCode(answer: ServerMessage, { connection, isOverTls }: Session): number {
  if (answer.type === "E") {
    const error = errorOf(answer.body);
    throw new Rejection(serverWords(error), error.code, isOverTls);
  }
  if (answer.type !== "R" || answer.body.length < 4) throw connection.failure(NO_SERVER);
  return new DataView(answer.body.buffer, answer.body.byteOffset).getInt32(0);
}

/** Reads messages until ReadyForQuery. Returns the server's version; null when the server does not send it. */
async function readyVersion(connection: Connection): Promise<string | null> {
  let version: string | null = null;
  for await (const answer of messagesOf(connection)) {
    if (answer.type === "Z") return version;
    if (answer.type === "E") throw connection.failure(serverWords(errorOf(answer.body)));
    const [name, value] = answer.type === "S" ? decode(answer.body).split("\0") : [];
    if (name === "server_version" && value !== undefined) version = value.split(" ")[0] ?? value;
  }
  throw connection.closed();
}
