/** Real PostgreSQL servers on the loopback: accepting, rejecting because they are starting up, or a hot standby. */
import { existsSync } from "node:fs";
import { appendFile, chown, cp, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { copyKeyPair, type KeyPair } from "./certificates.ts";
import { freePort, run, type Started, startProgram, temporaryFolder } from "./child-process.ts";

const DEBIAN_FOLDER = "/usr/lib/postgresql";
const FAST = ["-c", "fsync=off", "-c", "shared_buffers=8MB", "-c", "max_connections=20", "-c", "autovacuum=off"];

export interface PostgresOptions {
  tls?: KeyPair;
  /** Lines of pg_hba.conf; default: everyone is trusted. */
  access?: string[];
  /** SQL statements run by the superuser `postgres` after the start. */
  setup?: string[];
}

/** Runs one program of the newest PostgreSQL found, as the user `postgres` when the tests run as root. */
interface Installation {
  bin: string;
  identity: { uid: number; gid: number } | undefined;
}

async function installation(): Promise<Installation> {
  const versions = existsSync(DEBIAN_FOLDER) ? await readdir(DEBIAN_FOLDER) : [];
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  const bin = newest === undefined ? "" : join(DEBIAN_FOLDER, newest, "bin/");
  if (process.getuid?.() !== 0) return { bin, identity: undefined };
  const ids = await Promise.all(["-u", "-g"].map((flag) => run("id", [flag, "postgres"])));
  const [uid, gid] = ids.map(({ stdout }) => Number(stdout));
  if (uid === undefined || gid === undefined) throw new Error("there is no user postgres");
  return { bin, identity: { uid, gid } };
}

/** Makes an empty cluster in `data`; the slow part of a start, about a second. */
async function initialise({ bin, identity }: Installation, data: string): Promise<void> {
  const args = [
    "-D",
    data,
    "-U",
    "postgres",
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--locale=C",
    "--no-sync",
    "--no-instructions",
  ];
  await run(`${bin}initdb`, args, { ...identity });
}

async function launch(at: Installation, data: string, settings: string[]): Promise<Started> {
  const port = await freePort();
  const own = [
    "-D",
    data,
    "-p",
    String(port),
    "-c",
    "listen_addresses=127.0.0.1",
    "-c",
    `unix_socket_directories=${data}`,
  ];
  return startProgram({
    command: `${at.bin}postgres`,
    args: [...own, ...FAST, ...settings],
    port,
    stopSignal: "SIGQUIT",
    cwd: data,
    ...(at.identity === undefined ? {} : { identity: at.identity }),
  });
}

async function until(ready: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await ready()) return;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  throw new Error(`${what} did not happen`);
}

/** Exit code of pg_isready: 0 accepting, 1 rejecting, 2 no response. */
async function readiness({ bin }: Installation, port: number): Promise<number> {
  return run(`${bin}pg_isready`, ["-h", "127.0.0.1", "-p", String(port), "-t", "2"]).then(
    () => 0,
    (error: { code?: number }) => error.code ?? 3,
  );
}

interface Cluster {
  at: Installation;
  data: string;
  remove(): Promise<void>;
}

async function emptyCluster(): Promise<Cluster> {
  const at = await installation();
  const folder = await temporaryFolder("postgres");
  if (at.identity !== undefined) await chown(folder.path, at.identity.uid, at.identity.gid);
  const data = join(folder.path, "data");
  await initialise(at, data);
  return { at, data, remove: folder.remove };
}

async function startAccepting({ at, data }: Cluster, options: PostgresOptions): Promise<Started> {
  const settings: string[] = [];
  if (options.tls !== undefined) {
    const pair = await copyKeyPair(options.tls, data);
    if (at.identity !== undefined) {
      for (const file of [pair.cert, pair.key]) await chown(file, at.identity.uid, at.identity.gid);
    }
    settings.push("-c", "ssl=on", "-c", `ssl_cert_file=${pair.cert}`, "-c", `ssl_key_file=${pair.key}`);
  }
  const access = ["local all all trust", ...(options.access ?? ["host all all 127.0.0.1/32 trust"])];
  await writeFile(join(data, "pg_hba.conf"), `${access.join("\n")}\n`);
  const server = await launch(at, data, settings);
  await until(async () => (await readiness(at, server.port)) === 0, "PostgreSQL accepting connections");
  if (options.setup !== undefined) {
    const statements = options.setup.flatMap((statement) => ["-c", statement]);
    const connection = ["-h", data, "-p", String(server.port), "-U", "postgres", "-d", "postgres"];
    await run(`${at.bin}psql`, ["-q", "-v", "ON_ERROR_STOP=1", ...connection, ...statements]);
  }
  return server;
}

/** `recovering`: from an archive that never answers: "the database system is starting up" for as long as it runs. */
async function startStandby({ at, data }: Cluster, kind: "recovering" | "hot"): Promise<Started> {
  if (kind === "recovering") await appendFile(join(data, "postgresql.auto.conf"), "restore_command = 'sleep 600'\n");
  await writeFile(join(data, "standby.signal"), "");
  if (at.identity !== undefined) await chown(join(data, "standby.signal"), at.identity.uid, at.identity.gid);
  const server = await launch(at, data, ["-c", "max_connections=100"]); // no fewer than where it comes from
  const wanted = kind === "recovering" ? 1 : 0;
  await until(async () => (await readiness(at, server.port)) === wanted, `PostgreSQL as a ${kind} standby`);
  return server;
}

function removedOnStop(server: Started, remove: () => Promise<void>): Started {
  return { port: server.port, stop: () => server.stop().then(remove) };
}

export async function startPostgres(options: PostgresOptions = {}): Promise<Started> {
  const cluster = await emptyCluster();
  try {
    return removedOnStop(await startAccepting(cluster, options), cluster.remove);
  } catch (error) {
    await cluster.remove();
    throw error;
  }
}

export interface PostgresFamily {
  accepting: Started;
  rejecting: Started;
  standby: Started;
}

/** All kinds from one cluster, which saves the time of making more. Only the accepting one speaks TLS. */
export async function startPostgresFamily(options: PostgresOptions): Promise<PostgresFamily> {
  const cluster = await emptyCluster();
  const copy = async (name: string): Promise<Cluster> => {
    const data = `${cluster.data}-${name}`;
    await cp(cluster.data, data, { recursive: true, preserveTimestamps: true });
    if (cluster.at.identity !== undefined) await run("chown", ["-R", "postgres:", data]);
    await run("chmod", ["700", data]);
    return { ...cluster, data };
  };
  const copies = [await copy("rejecting"), await copy("standby")] as const;
  const starting = [
    startAccepting(cluster, options),
    startStandby(copies[0], "recovering"),
    startStandby(copies[1], "hot"),
  ] as const;
  const settled = await Promise.allSettled(starting);
  const stop = async () => {
    for (const server of settled) if (server.status === "fulfilled") await server.value.stop();
    await cluster.remove();
  };
  try {
    const [accepting, rejecting, standby] = await Promise.all(starting);
    const withTheFirst = async () => {};
    return {
      accepting: removedOnStop(accepting, stop),
      rejecting: removedOnStop(rejecting, withTheFirst),
      standby: removedOnStop(standby, withTheFirst),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
