/** A real redis-server on the loopback, in memory only. */
import type { KeyPair } from "./certificates.ts";
import { freePort, type Started, startProgram, temporaryFolder } from "./child-process.ts";

export interface RedisOptions {
  /** Default: a free one. */
  port?: number;
  password?: string;
  /** Speaks TLS on its only port. */
  tls?: KeyPair;
  /** More of the command line, such as `["--user", "probe on >pw +ping"]`. */
  args?: string[];
}

export async function startRedis(options: RedisOptions = {}): Promise<Started> {
  const folder = await temporaryFolder("redis");
  const port = options.port ?? (await freePort());
  const listen =
    options.tls === undefined
      ? ["--port", String(port)]
      : [
          ...["--port", "0", "--tls-port", String(port), "--tls-auth-clients", "no"],
          ...[
            "--tls-cert-file",
            options.tls.cert,
            "--tls-key-file",
            options.tls.key,
            "--tls-ca-cert-file",
            options.tls.cert,
          ],
        ];
  const secret = options.password === undefined ? [] : ["--requirepass", options.password];
  const quiet = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder.path];
  try {
    const server = await startProgram({
      command: "redis-server",
      args: [...listen, ...quiet, ...secret, ...(options.args ?? [])],
      port,
      stopSignal: "SIGKILL",
    });
    return { port, stop: () => server.stop().then(folder.remove) };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}
