/** A real nginx on the loopback with a few pages, over HTTP and with three certificates; and its mail servers. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Certificates, KeyPair } from "./certificates.ts";
import { freePort, type Started, startProgram, temporaryFolder } from "./child-process.ts";

export interface Nginx extends Started {
  /** TLS ports, by the certificate shown. */
  tls: { trusted: number; misnamed: number; selfSigned: number };
  /** Mail servers that let nobody in and have STARTTLS; `untrusted`: SMTP with a certificate that signs itself. */
  mail: { smtp: number; imap: number; untrusted: number };
}

const MAIL_MODULE = "/usr/lib/nginx/modules/ngx_mail_module.so";

const PAGES = `
  location = /ok { default_type text/plain; return 200 "all is well"; }
  location = /health { default_type application/health+json; return 200 '{"status":"pass","version":"3.1.4"}'; }
  location = /missing { return 404; }
  location = /moved { return 301 /ok; }
  location = /agent { default_type text/plain; return 200 "$http_user_agent"; }
`;

function tlsServer(port: number, pair: KeyPair): string {
  return `server { listen 127.0.0.1:${port} ssl; ssl_certificate ${pair.cert}; ssl_certificate_key ${pair.key}; ${PAGES} }`;
}

function mailServer(protocol: "smtp" | "imap", port: number, pair: KeyPair): string {
  const tls = `starttls on; ssl_certificate ${pair.cert}; ssl_certificate_key ${pair.key};`;
  return `server { listen 127.0.0.1:${port}; protocol ${protocol}; ${tls} }`;
}

export async function startNginx(certificates: Certificates): Promise<Nginx> {
  const folder = await temporaryFolder("nginx");
  const port = await freePort();
  const tls = { trusted: await freePort(), misnamed: await freePort(), selfSigned: await freePort() };
  const mail = { smtp: await freePort(), imap: await freePort(), untrusted: await freePort() };
  const config = join(folder.path, "nginx.conf");
  const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  await writeFile(
    config,
    `load_module ${MAIL_MODULE}; daemon off; master_process off; pid ${folder.path}/pid; error_log stderr warn;
events { worker_connections 64; }
http {
  access_log off;
  ${kinds.map((kind) => `${kind}_temp_path ${folder.path}/${kind};`).join(" ")}
  server { listen 127.0.0.1:${port} default_server; ${PAGES} }
  server { listen 127.0.0.1:${port}; server_name shop.example.com; location / { return 200 "the shop"; } }
  ${tlsServer(tls.trusted, certificates.trusted)}
  ${tlsServer(tls.misnamed, certificates.misnamed)}
  ${tlsServer(tls.selfSigned, certificates.selfSigned)}
}
mail {
  server_name mail.example.com; auth_http 127.0.0.1:${port}/missing;
  ${mailServer("smtp", mail.smtp, certificates.trusted)}
  ${mailServer("imap", mail.imap, certificates.trusted)}
  ${mailServer("smtp", mail.untrusted, certificates.selfSigned)}
}
`,
  );
  try {
    const server = await startProgram({
      command: "nginx",
      args: ["-c", config, "-p", folder.path, "-e", "stderr"],
      port,
    });
    return { port, tls, mail, stop: () => server.stop().then(folder.remove) };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}
