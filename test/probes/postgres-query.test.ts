/** The query of a postgres check, which a real server runs in a read-only transaction that no text can leave. */
import { describe, expect, inject, it } from "vitest";
import { runCheck } from "./run-check.ts";

const { postgres } = inject("servers");
const LONG_TIMEOUT = 30; // what must come may take long on a busy machine
const ask = (query: string, { port = postgres.accepting, user = "open", health_timeout = LONG_TIMEOUT } = {}) =>
  runCheck({
    health_method: "postgres",
    health_url: `postgres://127.0.0.1:${port}/postgres?sslmode=disable`,
    health_timeout,
    health_options: { user, query },
  });
const askStandby = (query: string) => ask(query, { port: postgres.standby, user: "postgres" });

const WRITES = "postgres: the query would write, and checks only read: ";
const NO_TRANSACTION =
  "postgres: the query can't be run in a read-only transaction, and checks run it in nothing else: ";
const SEVERAL =
  "postgres: the query is several statements, and checks run one: cannot insert multiple commands into a prepared statement (42601)";
const PREPARES = "postgres: the query would leave a prepared transaction behind, and checks only read";
const ENDS = "postgres: the query ends its transaction, and checks run it in a read-only one";

async function expectNothingWritten(): Promise<void> {
  const nothing = "SELECT 1 / (NOT EXISTS (SELECT FROM written) AND NOT (SELECT is_called FROM tickets))::int";
  expect(await ask(nothing)).toMatchObject({ verdict: "ok", error: null });
}

describe("a query passes", () => {
  it.each([
    "SELECT 1",
    "SELECT 1;",
    "SELECT 1; ;",
    "SELECT 1; -- all is well",
    "/* all is well */ SELECT 1",
    "-- nothing else",
    ";",
    "SELECT 1 WHERE false",
    "SELECT",
    "VALUES (1), (2)",
    "TABLE written",
    "SHOW server_version",
    "EXPLAIN ANALYZE SELECT 1",
    "EXPLAIN INSERT INTO written VALUES (1)",
    "DO 'BEGIN PERFORM 1; END'",
    "COPY (SELECT 1) TO STDOUT",
    "SET work_mem = '1MB'",
    "DECLARE c CURSOR FOR SELECT 1",
    "SELECT 1 FROM pg_prepared_xacts WHERE current_setting('max_prepared_transactions') <> '0'",
    "SELECT pg_sleep(0.1)",
    "SELECT 'ünï'",
  ])("when it is %s", async (query) => {
    const found = await ask(query);
    expect(found).toMatchObject({ verdict: "ok", error: null });
    expect(found.details.version).toMatch(/^\d+\.\d+$/);
  });

  it.each([
    "SELECT generate_series(1, 100000000)",
    "SELECT repeat('x', 10000000)",
    "COPY (SELECT generate_series(1, 100000000)) TO STDOUT",
    "DO $$ BEGIN RAISE NOTICE '%', repeat('x', 2000000); END $$",
  ])("however much it finds, and no more than the beginning is read: %s", async (query) => {
    expect(await ask(query)).toMatchObject({ verdict: "ok", error: null });
  });

  it("on a hot standby", async () => {
    expect(await askStandby("SELECT 1 / pg_is_in_recovery()::int")).toMatchObject({ verdict: "ok", error: null });
  });
});

describe("a query fails", () => {
  it.each([
    ["SELECT 1/0", "postgres: division by zero (22012)"],
    ["SELECT 1/(3 - n) FROM generate_series(1, 5) n", "postgres: division by zero (22012)"],
    ["SELEC 1", 'postgres: syntax error at or near "SELEC" (42601)'],
    ["SELECT 1 FROM nowhere", 'postgres: relation "nowhere" does not exist (42P01)'],
    ["SELECT $1::int", /^postgres: bind message supplies 0 parameters.* \(08P01\)$/],
    ["DO $$ BEGIN RAISE 'no leader'; END $$", "postgres: no leader (P0001)"],
    ["SELECT pg_terminate_backend(pg_backend_pid())", /^postgres: terminating connection .* \(57P01\)$/],
  ])("in the words of the server: %s", async (query, error) => {
    const found = await ask(query);
    expect(found.verdict).toBe("fail");
    expect(found.error).toMatch(error);
    expect(found.latency_ms).not.toBeNull();
  });

  it("when it takes longer than the check may", async () => {
    const found = await ask("SELECT pg_sleep(5)", { health_timeout: 1 });
    expect(found).toMatchObject({ verdict: "fail", error: "timeout after 1 s: the query did not come back" });
  });
});

describe("a query is refused, which says nothing of the server", () => {
  it.each([
    ["INSERT INTO written VALUES (1)", `${WRITES}cannot execute INSERT in a read-only transaction (25006)`],
    ["WITH w AS (INSERT INTO written VALUES (1) RETURNING n) SELECT 1 FROM w", /^postgres: the query would write/],
    ["EXPLAIN ANALYZE INSERT INTO written VALUES (1)", /^postgres: the query would write/],
    ["SELECT nextval('tickets')", `${WRITES}cannot execute nextval() in a read-only transaction (25006)`],
    ["SELECT write()", `${WRITES}cannot execute INSERT in a read-only transaction (25006)`],
    ["CREATE TEMP TABLE t (n int)", `${WRITES}cannot execute CREATE TABLE in a read-only transaction (25006)`],
    ["SELECT 1 AS n INTO TEMP t", /^postgres: the query would write/],
    ["SELECT FROM written FOR UPDATE", `${WRITES}cannot execute SELECT FOR UPDATE in a read-only transaction (25006)`],
    ["COPY written FROM STDIN", `${WRITES}cannot execute COPY FROM in a read-only transaction (25006)`],
    ["TRUNCATE written", /^postgres: the query would write/],
    ["PREPARE TRANSACTION 'x'", PREPARES],
    ["/* /* */ */ prepare--\n/**/Transaction'x'", PREPARES],
    ["VACUUM", `${NO_TRANSACTION}VACUUM cannot run inside a transaction block (25001)`],
    ["SET TRANSACTION READ WRITE", /^postgres: the query can't be run .* must be set before any query \(25001\)$/],
    ["SET transaction_read_only = off", /^postgres: the query can't be run .*\(25001\)$/],
    ["SELECT set_config('transaction_read_only', 'off', false)", /^postgres: the query can't be run .*\(25001\)$/],
    ["DO 'BEGIN COMMIT; INSERT INTO written VALUES (1); END'", /^postgres: the query can't be run .* \(2D000\)$/],
    ["COMMIT", ENDS],
    ["ROLLBACK", ENDS],
    ["SELECT 1; SELECT 2", SEVERAL],
    ["COMMIT; INSERT INTO written VALUES (1)", SEVERAL],
    ["ROLLBACK; BEGIN; INSERT INTO written VALUES (1); COMMIT", SEVERAL],
    ["SET TRANSACTION READ WRITE; INSERT INTO written VALUES (1)", SEVERAL],
  ])("when it is %s", async (query, error) => {
    const found = await ask(query);
    expect(found.error).toMatch(error);
    expect(found.verdict).toBe("unprobeable");
    await expectNothingWritten();
  });

  it.each([
    "set_config('transaction_read_only', 'off', false)",
    "set_config('default_transaction_read_only', 'off', false)",
    "set_config('session_authorization', 'open', false)",
  ])("nor does a program in it leave the transaction by %s", async (way) => {
    for (const before of ["", "PERFORM 1;"]) {
      const caught = `BEGIN ${before} PERFORM ${way}; EXCEPTION WHEN OTHERS THEN NULL; END;`;
      const found = await ask(`DO $$ BEGIN ${caught} INSERT INTO written VALUES (1); END $$`);
      expect(found.error).toMatch(/^postgres: the query would write/);
    }
    await expectNothingWritten();
  });

  it("nor by a transaction that follows: nobody commits", async () => {
    for (const query of [
      "COMMIT AND CHAIN",
      "BEGIN READ WRITE",
      "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
    ])
      expect((await ask(query)).verdict).toMatch(/^(ok|unprobeable)$/);
    await expectNothingWritten();
  });

  it("also by a hot standby, in the same words", async () => {
    const words = `${WRITES}cannot execute CREATE TABLE in a read-only transaction (25006)`;
    expect(await askStandby("CREATE TABLE t (n int)")).toMatchObject({ verdict: "unprobeable", error: words });
  });
});
