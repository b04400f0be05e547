/** The program that runs the real servers: tells its parent what it started, and stops them when the parent lets go. */
import { startBlackHole } from "./black-hole.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import type { Started } from "./child-process.ts";
import { startCorpus } from "./corpus.ts";
import { startDns } from "./dns.ts";
import { startFaulty } from "./faulty.ts";
import { startRelays } from "./nats-relays.ts";
import { startNginx } from "./nginx.ts";
import { startPostgres, startPostgresFamily } from "./postgres.ts";
import { startRedis } from "./redis.ts";
import { ODD_PASSWORDS, type RunningServers, TEST_PASSWORD, type TestServers } from "./test-servers.ts";
import { startWebSocket } from "./websocket.ts";

const POSTGRES = {
  access: [
    "hostssl all tls_only 127.0.0.1/32 trust",
    "hostnossl all plain_only 127.0.0.1/32 scram-sha-256",
    "hostssl all secure_only 127.0.0.1/32 scram-sha-256",
    "host all open 127.0.0.1/32 trust",
    "host all md5 127.0.0.1/32 md5",
    "host all clear 127.0.0.1/32 password",
    "host all scram 127.0.0.1/32 scram-sha-256",
    ...Object.keys(ODD_PASSWORDS).map((role) => `host all ${role} 127.0.0.1/32 scram-sha-256`),
  ],
  setup: [
    "CREATE ROLE open LOGIN",
    "CREATE TABLE written (n int); GRANT ALL ON written TO PUBLIC",
    "CREATE SEQUENCE tickets; GRANT ALL ON SEQUENCE tickets TO PUBLIC",
    "CREATE FUNCTION write() RETURNS int LANGUAGE sql AS 'INSERT INTO written VALUES (1) RETURNING n'",
    "CREATE ROLE tls_only LOGIN",
    `CREATE ROLE plain_only LOGIN PASSWORD '${TEST_PASSWORD}'`,
    `CREATE ROLE secure_only LOGIN PASSWORD '${TEST_PASSWORD}'`,
    ...Object.entries(ODD_PASSWORDS).map(([role, password]) => `CREATE ROLE ${role} LOGIN PASSWORD '${password}'`),
    `CREATE ROLE scram LOGIN PASSWORD '${TEST_PASSWORD}'`,
    `CREATE ROLE clear LOGIN PASSWORD '${TEST_PASSWORD}'`,
    `SET password_encryption = 'md5'; CREATE ROLE md5 LOGIN PASSWORD '${TEST_PASSWORD}'`,
  ],
};
/** No program listens there, and no test ever gets it. */
const NOTHING = 2;
const PING_ONLY = ["--user", "pinger", "on", `>${TEST_PASSWORD}`, "~*", "-@all", "+ping"];
const ORPHAN = ["--replicaof", "127.0.0.1 1", "--replica-serve-stale-data", "no"];

async function startAll(started: Started[], certificates: Certificates): Promise<TestServers> {
  const keep = async <T extends Started>(starting: Promise<T>): Promise<T> => {
    const server = await starting;
    started.push(server);
    return server;
  };
  const family = startPostgresFamily({ ...POSTGRES, tls: certificates.trusted });
  const starting = [
    keep(startRedis()),
    keep(startRedis({ password: TEST_PASSWORD, args: PING_ONLY })),
    keep(startRedis({ tls: certificates.trusted })),
    keep(startRedis({ args: ORPHAN })),
    keep(startPostgres({ ...POSTGRES, tls: certificates.selfSigned })),
    keep(startNginx(certificates)),
    keep(startFaulty()),
    keep(startFaulty()),
    keep(family.then(({ accepting }) => accepting)),
    keep(family.then(({ rejecting }) => rejecting)),
    keep(family.then(({ standby }) => standby)),
    keep(startBlackHole()),
    keep(startCorpus(certificates)),
    keep(startWebSocket(certificates.trusted)),
    keep(startDns(certificates)),
    startRelays(certificates),
  ] as const;
  await Promise.allSettled(starting); // so that whoever stops them after a failure knows them all
  const [
    open,
    locked,
    tls,
    orphan,
    untrusted,
    nginx,
    faulty,
    counted,
    accepting,
    rejecting,
    standby,
    blackHole,
    corpus,
    websocket,
    dns,
    relays,
  ] = await Promise.all(starting);
  started.push({ port: NOTHING, stop: relays.stop });
  return {
    redis: { open: open.port, locked: locked.port, tls: tls.port, orphan: orphan.port },
    postgres: {
      accepting: accepting.port,
      rejecting: rejecting.port,
      standby: standby.port,
      untrusted: untrusted.port,
    },
    nginx: {
      http: nginx.port,
      trusted: nginx.tls.trusted,
      misnamed: nginx.tls.misnamed,
      self_signed: nginx.tls.selfSigned,
    },
    mail: nginx.mail,
    websocket: { plain: websocket.port, tls: websocket.tls },
    faulty: { ...faulty.ports, http: faulty.port },
    relays: relays.relays,
    counted: { ...counted.ports, http: counted.port },
    corpus: corpus.cases,
    dns: dns.ports,
    black_hole: blackHole.port,
    nothing: NOTHING,
  };
}

process.setMaxListeners(100); // each program that is started listens for this one's end
const certificates = await makeCertificates();
const started: Started[] = [];

async function stopAll(): Promise<void> {
  await Promise.all(started.map((server) => server.stop()));
  await certificates.remove();
}

process.once("disconnect", () => {
  stopAll().catch((error) => {
    console.error(error);
    process.exit(1);
  });
});
try {
  const running: RunningServers = { servers: await startAll(started, certificates), caFile: certificates.caFile };
  process.send?.(running);
} catch (error) {
  console.error(error);
  await Promise.allSettled(started.map((server) => server.stop()));
  process.exit(1); // what was half started ends with this program
}
