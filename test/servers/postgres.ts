/** Real PostgreSQL servers on the loopback: accepting, or rejecting because they are starting up. */
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

/** In recovery from an archive that never answers: "the database system is starting up" for as long as it runs. */
async function startRejecting({ at, data }: Cluster): Promise<Started> {
  await appendFile(join(data, "postgresql.auto.conf"), "restore_command = 'sleep 600'\n");
  await writeFile(join(data, "standby.signal"), "");
  if (at.identity !== undefined) await chown(join(data, "standby.signal"), at.identity.uid, at.identity.gid);
  const server = await launch(at, data, []);
  await until(async () => (await readiness(at, server.port)) === 1, "PostgreSQL rejecting connections");
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

/** Both kinds from one cluster, which saves the time of making a second. The rejecting one speaks no TLS. */
export async function startPostgresPair(options: PostgresOptions): Promise<{ accepting: Started; rejecting: Started }> {
  const cluster = await emptyCluster();
  const data = `${cluster.data}-rejecting`;
  await cp(cluster.data, data, { recursive: true, preserveTimestamps: true });
  if (cluster.at.identity !== undefined) await run("chown", ["-R", "postgres:", data]);
  await run("chmod", ["700", data]);
  const [accepting, rejecting] = await Promise.allSettled([
    startAccepting(cluster, options),
    startRejecting({ ...cluster, data }),
  ]);
  const stop = async () => {
    for (const server of [accepting, rejecting]) if (server.status === "fulfilled") await server.value.stop();
    await cluster.remove();
  };
  if (accepting.status === "rejected" || rejecting.status === "rejected") {
    await stop();
    throw accepting.status === "rejected" ? accepting.reason : rejecting.status === "rejected" && rejecting.reason;
  }
  return {
    accepting: removedOnStop(accepting.value, stop),
    rejecting: removedOnStop(rejecting.value, async () => {}),
  };
}
