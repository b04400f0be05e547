/**
 * The redis probe: AUTH when there is a password, then PING, then INFO for the version (RESP2,
 * redis.io/docs/reference/protocol-spec).
 */
import { Connection } from "./connection.ts";
import type { ProbeResult, Protocol } from "./probe.ts";

const MAX_LINE_BYTES = 4_096;
const MAX_INFO_BYTES = 65_536;

export const redisProbe: Protocol = async (job): Promise<ProbeResult> => {
  const { target, check } = job;
  const connection = await Connection.open(job, target.tls ? "on" : "off");
  const password = check.health_options.password ?? target.password;
  const user = check.health_options.user ?? target.user;
  job.stage = "no answer from redis";
  if (password !== null) {
    await connection.write(command("AUTH", ...(user === null ? [] : [user]), password));
    await expectReply(connection, "OK");
  }
  await connection.write(command("PING"));
  await expectReply(connection, "PONG");
  await connection.write(command("INFO", "server"));
  const version = await readVersion(connection);
  return { verdict: "ok", error: null, details: version === null ? {} : { version } };
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
  throw connection.failure("redis: the answer is not that of a Redis server");
}

/** Returns null when the user may not run INFO. */
async function readVersion(connection: Connection): Promise<string | null> {
  const header = await connection.line(MAX_LINE_BYTES);
  const length = /^\$(\d+)$/.exec(header)?.[1];
  if (length === undefined || Number(length) > MAX_INFO_BYTES) return null;
  const info = new TextDecoder().decode(await connection.read(Number(length)));
  return /^(?:redis|valkey)_version:(\S+)/m.exec(info)?.[1] ?? null;
}
