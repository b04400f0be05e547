/** Real reverse proxies before a hub, with the example files of the documentation: only ports and certificates differ. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { KeyPair } from "./certificates.ts";
import { freePort, startProgram, temporaryFolder } from "./child-process.ts";

const EXAMPLES = fileURLToPath(new URL("../../docs/examples/", import.meta.url));
const HUB = "127.0.0.1:8787";
const NAME = "hub.example.com";

export interface ReverseProxy {
  /** Its public address, with a certificate for localhost. */
  url: string;
  stop(): Promise<void>;
}

interface Before {
  /** Of the hub. */
  port: number;
  certificate: KeyPair;
  /** nginx listens here, too, without TLS: hubs trust no certificate of the tests. */
  plainPort?: number;
}

/** Throws when the example has not what is replaced. */
function replaced(text: string, pairs: readonly (readonly [string, string])[]): string {
  return pairs.reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`the example has no "${from}"`);
    return result.replaceAll(from, to);
  }, text);
}

export async function startNginxBefore({ port: hub, certificate, plainPort }: Before): Promise<ReverseProxy> {
  const folder = await temporaryFolder("nginx-proxy");
  const [port, plain] = [await freePort(), await freePort()];
  const tls = replaced(readFileSync(join(EXAMPLES, "nginx.conf"), "utf8"), [
    ["listen 80;", `listen 127.0.0.1:${plain};`],
    ["listen 443 ssl;", `listen 127.0.0.1:${port} ssl;`],
    [NAME, "localhost"],
    ["/etc/ssl/localhost/fullchain.pem", certificate.cert],
    ["/etc/ssl/localhost/privkey.pem", certificate.key],
    [HUB, `127.0.0.1:${hub}`],
  ]);
  const listen = `listen 127.0.0.1:${port} ssl;`;
  const site = plainPort === undefined ? tls : tls.replace(listen, `${listen} listen 127.0.0.1:${plainPort};`);
  const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const config = join(folder.path, "nginx.conf");
  await writeFile(
    config,
    `daemon off; master_process off; pid ${folder.path}/pid; error_log stderr warn;
events { worker_connections 64; }
http { access_log off; ${kinds.map((kind) => `${kind}_temp_path ${folder.path}/${kind};`).join(" ")}
${site} }`,
  );
  const args = ["-c", config, "-p", folder.path, "-e", "stderr"];
  const server = await startProgram({ command: "nginx", args, port });
  return { url: `https://localhost:${port}`, stop: () => server.stop().then(folder.remove) };
}

export const hasCaddy = () => spawnSync("caddy", ["version"]).error === undefined;

export async function startCaddyBefore({ port: hub, certificate }: Before): Promise<ReverseProxy> {
  const folder = await temporaryFolder("caddy");
  const port = await freePort();
  const site = replaced(readFileSync(join(EXAMPLES, "Caddyfile"), "utf8"), [
    [`${NAME} {`, `https://localhost:${port} {\n\ttls ${certificate.cert} ${certificate.key}`],
    [HUB, `127.0.0.1:${hub}`],
  ]);
  const config = join(folder.path, "Caddyfile");
  await writeFile(config, `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${site}`);
  const args = ["run", "--config", config, "--adapter", "caddyfile"];
  const server = await startProgram({ command: "caddy", args, port, cwd: folder.path });
  return { url: `https://localhost:${port}`, stop: () => server.stop().then(folder.remove) };
}
