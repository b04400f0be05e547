/**
 * The redis probe: AUTH when there is a password, SELECT when the target names a database, then PING, then INFO for the
 * version (RESP2, redis.io/docs/reference/protocol-spec).
 */
import { Connection } from "./connection.ts";
import type { ProbeResult, Protocol } from "./probe.ts";
import { soon } from "./soon.ts";

const MAX_LINE_BYTES = 4_096;
const MAX_INFO_BYTES = 65_536;
/** The version is only a detail, so nothing waits for it long. */
const VERSION_MS = 500;

export const redisProbe: Protocol = async (job): Promise<ProbeResult> => {
  const { target, check, context } = job;
  const connection = await Connection.open(job, target.tls ? "on" : "off");
  const password = check.health_options.password ?? target.password;
  const user = check.health_options.user ?? target.user;
  job.progress.stage = "no answer from redis";
  if (password !== null) {
    await connection.write(command("AUTH", ...(user === null ? [] : [user]), password));
    await expectReply(connection, "OK");
  }
  if (target.database !== null && target.database !== "0") {
    await connection.write(command("SELECT", target.database));
    await expectReply(connection, "OK");
  }
  await connection.write(command("PING"));
  await expectReply(connection, "PONG");
  const certainAt = context.now();
  const version = await soon<string | null>(VERSION_MS, readVersion(connection), null);
  return { verdict: "ok", error: null, details: version === null ? {} : { version }, certainAt };
};

function command(...words: string[]): string {
  const size = (word: string) => new TextEncoder().encode(word).length;
  return `*${words.length}\r\n${words.map((word) => `$${size(word)}\r\n${word}\r\n`).join("")}`;
}

async function expectReply(connection: Connection, expected: string): Promise<void> {
  const line = await connection.line(MAX_LINE_BYTES);
  if (line === `+${expected}`) return;
  if (line.startsWith("-NOAUTH")) throw connection.failure("redis: authentication required");
  if (line.startsWith("-")) throw connection.failure(`redis: ${line.slice(1)}`);
  throw connection.failure("redis: the answer is not that of a Redis server", { unclear: "protocol" });
}

/** A proxy may not know INFO, so a failure of this is none of the probe. */
async function readVersion(connection: Connection): Promise<string | null> {
  await connection.write(command("INFO", "server"));
  const header = await connection.line(MAX_LINE_BYTES);
  const length = /^\$(\d+)$/.exec(header)?.[1];
  if (length === undefined || Number(length) > MAX_INFO_BYTES) return null;
  const info = new TextDecoder().decode(await connection.read(Number(length)));
  return /^(?:redis|valkey)_version:(\S+)/m.exec(info)?.[1] ?? null;
}
