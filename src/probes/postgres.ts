/**
 * The postgres probe. Without a password it does what `pg_isready` does. With a password it logs in, runs a query and
 * reads the version.
 */
import type { SslMode } from "../core/target.ts";
import { Connection } from "./connection.ts";
import { isTlsFailure } from "./failure-words.ts";
import {
  decode,
  encode,
  errorOf,
  message,
  receive,
  type ServerMessage,
  sslRequest,
  startup,
} from "./postgres-messages.ts";
import {
  type CertificateCheck,
  PASSED,
  ProbeFailure,
  type ProbeJob,
  type ProbeResult,
  type Protocol,
} from "./probe.ts";
import { hasSignature, type Md5, md5Password, scramFinal, scramFirst } from "./scram.ts";

const DEFAULT_USER = "commandcenter";
const STARTING_UP = "57P03"; // cannot_connect_now
const NOT_AUTHORIZED = "28000"; // also for who comes without TLS
/** Codes of AuthenticationXXX messages. */
const AUTH = { ok: 0, clear: 3, md5: 5, sasl: 10, saslContinue: 11, saslFinal: 12 } as const;

export const postgresProbe: Protocol = async (job): Promise<ProbeResult> => {
  const { target, check } = job;
  const { connection, isDowngraded } = await openSession(job);
  const user = check.health_options.user ?? target.user ?? DEFAULT_USER;
  const password = check.health_options.password ?? target.password;
  job.stage = "no answer from postgres";
  await connection.write(startup(user, target.database ?? user));
  const first = await receive(connection);
  if (password === null) {
    const result = readiness(first, connection);
    await connection.write(message("X", ""));
    return result;
  }
  if (isDowngraded) refuseInPlain(first);
  await logIn(connection, first, { user, password, md5: job.context.md5 });
  const version = await readyVersion(connection);
  job.stage = "the query did not come back";
  if (check.health_options.query !== undefined) await query(connection, check.health_options.query);
  await connection.write(message("X", ""));
  return { verdict: "ok", error: null, details: version === null ? {} : { version } };
};

/**
 * Decides like PQping of libpq: a server that speaks the protocol accepts connections, unless it is starting up or
 * shutting down.
 */
function readiness(first: ServerMessage, connection: Connection): ProbeResult {
  if (first.type === "R") return PASSED;
  const error = errorOf(first.body);
  if (first.type !== "E") throw connection.failure("postgres: the answer is not that of a PostgreSQL server");
  if (error.code === STARTING_UP) throw connection.failure(`postgres: rejecting: ${error.message}`);
  if (error.code === "") throw connection.failure(`postgres: ${error.message}`);
  return PASSED;
}

interface Session {
  connection: Connection;
  /** The server has TLS, and it is not used, because its certificate can't be left unchecked here. */
  isDowngraded: boolean;
}

/** As libpq: `prefer` and `require` check no certificate, `verify-ca` only its chain. */
const CERTIFICATE_CHECKS: Partial<Record<SslMode, CertificateCheck>> = {
  prefer: "none",
  require: "none",
  "verify-ca": "chain",
};
const NOT_TRUSTED =
  "postgres: the certificate is not trusted, and it can't be left unchecked here: give the server a trusted one, use sslmode=prefer or disable, or let an agent check it";
const NOT_IN_PLAIN =
  "postgres: the certificate is not trusted, and without TLS the server lets nobody in: give the server a trusted one, or let an agent check it";

async function openSession(job: ProbeJob): Promise<Session> {
  const { sslmode } = job.target;
  if (sslmode === "disable" || sslmode === "allow") return plain(await Connection.open(job, "off"));
  const connection = await Connection.open(job, "starttls", CERTIFICATE_CHECKS[sslmode]);
  job.stage = "no answer from postgres";
  await connection.write(sslRequest());
  const answer = decode(await connection.read(1));
  if (answer === "S") return await secured(job, connection);
  if (answer !== "N") throw connection.failure("postgres: the answer is not that of a PostgreSQL server");
  if (sslmode !== "prefer") throw connection.failure("postgres: the server has no TLS");
  return plain(connection);
}

const plain = (connection: Connection): Session => ({ connection, isDowngraded: false });

/** What checks no certificate in libpq must not call a server down that has one of its own. */
async function secured(job: ProbeJob, connection: Connection): Promise<Session> {
  const { target, context } = job;
  try {
    await connection.startTls();
    return plain(connection);
  } catch (error) {
    const isAboutTrust = CERTIFICATE_CHECKS[target.sslmode] === "none" && !context.canSkipVerification;
    if (!isAboutTrust || !isTlsFailure(error)) throw error;
    connection.close();
    if (target.sslmode !== "prefer") throw new ProbeFailure(NOT_TRUSTED, { answered: true, verdict: "unprobeable" });
    job.secure = false;
    return { connection: await Connection.open(job, "off"), isDowngraded: true };
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
  password: string;
  md5: Md5;
}

async function logIn(
  connection: Connection,
  first: ServerMessage,
  { user, password, md5 }: Credentials,
): Promise<void> {
  const code = authCode(first, connection);
  switch (code) {
    case AUTH.ok:
      return;
    case AUTH.clear:
      await connection.write(message("p", `${password}\0`));
      break;
    case AUTH.md5:
      await connection.write(message("p", `${await md5Password(user, password, first.body.subarray(4, 8), md5)}\0`));
      break;
    case AUTH.sasl:
      await saslLogIn(connection, password);
      break;
    default:
      throw connection.failure(`postgres: asks for an unknown kind of login (${code})`);
  }
  if (authCode(await receive(connection), connection) !== AUTH.ok) throw connection.failure("postgres: login failed");
}

async function saslLogIn(connection: Connection, password: string): Promise<void> {
  const nonce = crypto.randomUUID();
  await connection.write(message("p", saslInitial(scramFirst(nonce))));
  const final = await scramFinal(password, nonce, await authText(connection, AUTH.saslContinue));
  if (final === null) throw connection.failure("postgres: the server's login message is not SCRAM");
  await connection.write(message("p", final.message));
  if (!hasSignature(await authText(connection, AUTH.saslFinal), final.signature)) {
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

async function authText(connection: Connection, expected: number): Promise<string> {
  const answer = await receive(connection);
  if (authCode(answer, connection) !== expected) throw connection.failure("postgres: login failed");
  return decode(answer.body.subarray(4));
}

function authCode(answer: ServerMessage, connection: Connection): number {
  if (answer.type === "E") throw serverFailure(answer, connection);
  if (answer.type !== "R" || answer.body.length < 4) {
    throw connection.failure("postgres: the answer is not that of a PostgreSQL server");
  }
  return new DataView(answer.body.buffer, answer.body.byteOffset).getInt32(0);
}

/** Reads messages until ReadyForQuery. Returns the server's version; null when the server does not send it. */
async function readyVersion(connection: Connection): Promise<string | null> {
  let version: string | null = null;
  for (;;) {
    const answer = await receive(connection);
    if (answer.type === "Z") return version;
    if (answer.type === "E") throw serverFailure(answer, connection);
    const [name, value] = answer.type === "S" ? decode(answer.body).split("\0") : [];
    if (name === "server_version" && value !== undefined) version = value.split(" ")[0] ?? value;
  }
}

/** Runs the query and ignores its result. Throws a ProbeFailure when the server reports an error. */
async function query(connection: Connection, sql: string): Promise<void> {
  await connection.write(message("Q", `${sql}\0`));
  let failure: ProbeFailure | null = null;
  for (;;) {
    const answer = await receive(connection);
    if (answer.type === "E") failure = serverFailure(answer, connection);
    if (answer.type !== "Z") continue;
    if (failure !== null) throw failure;
    return;
  }
}

function serverFailure({ body }: ServerMessage, connection: Connection): ProbeFailure {
  const { code, message: text } = errorOf(body);
  return connection.failure(code === STARTING_UP ? `postgres: rejecting: ${text}` : `postgres: ${text} (${code})`);
}
