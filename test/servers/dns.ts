/**
 * Two real servers of BIND on the loopback: one has the zones of the tests, the other asks it and validates. Beside them
 * stand a resolver over HTTPS, which passes messages on to the second, and one that lies.
 */
import { readFile, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import type { Certificates } from "./certificates.ts";
import { freePort, run, type Started, startProgram, temporaryFolder } from "./child-process.ts";
import { startDnsLiar } from "./dns-liar.ts";
import type { TestServers } from "./test-servers.ts";

const RECORDS = `$TTL 300
@ SOA ns1 admin 7 7200 3600 1209600 300
@ NS ns1
ns1 A 127.0.0.1
www A 192.0.2.1
www A 192.0.2.2
www AAAA 2001:db8:0:0::1
alias 60 CNAME www
chain CNAME alias
dangling CNAME ghost
round CNAME about
about CNAME round
mail MX 10 mx1
mail MX 20 mx2
text TXT "v=spf1 " "-all"
text TXT "\\195\\188ber \\"alles\\""
_sip._tcp SRV 10 5 5060 sip
policy CAA 0 issue "ca.example"
1.pointers PTR www
*.wild A 192.0.2.3
xn--bcher-kva A 192.0.2.4
huge TXT ${Array.from({ length: 200 }, () => `"${"x".repeat(255)}"`).join(" ")}
many TXT ${Array.from({ length: 90 }, (_none, index) => `"number ${index}"`).join("\nmany TXT ")}
`;

const COMMON = `
  listen-on-v6 { none; }; pid-file none; session-keyfile none; notify no; empty-zones-enable no; minimal-responses yes;`;

export interface Dns extends Started {
  ports: TestServers["dns"];
}

/** Zones: plain.test; signed.test, which the resolver trusts; forged.test, which is signed by another key than it trusts. */
export async function startDns(certificates: Certificates): Promise<Dns> {
  const folder = await temporaryFolder("dns");
  const started: Started[] = [{ port: 0, stop: folder.remove }];
  const keep = <T extends Started>(server: T): T => {
    started.unshift(server);
    return server;
  };
  const stop = async () => {
    for (const server of started) await server.stop();
  };
  try {
    const [authority, resolver] = [await freePort(), await freePort()];
    const anchors = await makeZones(folder.path);
    const zones = ["plain.test", "signed.test", "forged.test"].map((zone) => zoneOf(zone));
    keep(await startNamed(folder.path, authority, `recursion no; dnssec-validation no;`, zones.join("\n")));
    const validating = `recursion yes; forward only; forwarders { 127.0.0.1 port ${authority}; }; dnssec-validation yes;`;
    keep(await startNamed(folder.path, resolver, validating, `trust-anchors { ${anchors} };`));
    const https = keep(await startOverHttps(certificates, resolver));
    const liar = keep(await startDnsLiar());
    return { port: resolver, ports: { authority, resolver, https: https.port, liar: liar.port }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function zoneOf(zone: string): string {
  return `zone "${zone}" { type primary; file "${zone}.${zone === "plain.test" ? "zone" : "signed"}"; };`;
}

/** Returns what the resolver trusts. */
async function makeZones(folder: string): Promise<string> {
  await writeFile(join(folder, "plain.test.zone"), RECORDS);
  const keys: string[] = [];
  for (const zone of ["signed.test", "forged.test"]) {
    await writeFile(join(folder, `${zone}.zone`), RECORDS);
    const make = ["-q", "-a", "ECDSAP256SHA256", "-K", folder];
    const { stdout } = await run("dnssec-keygen", [...make, "-f", "KSK", zone]);
    await run("dnssec-keygen", [...make, zone]);
    const files = ["-f", join(folder, `${zone}.signed`), join(folder, `${zone}.zone`)];
    await run("dnssec-signzone", ["-S", "-q", "-K", folder, "-d", folder, "-o", zone, ...files]);
    const key = await readFile(join(folder, `${stdout.trim()}.key`), "utf8");
    keys.push(/DNSKEY 257 3 13 (.*)$/m.exec(key)?.[1] ?? "");
  }
  const [own = ""] = keys;
  return ["signed.test", "forged.test"].map((zone) => `${zone}. static-key 257 3 13 "${own}";`).join(" ");
}

async function startNamed(folder: string, port: number, options: string, more: string): Promise<Started> {
  const config = join(folder, `${port}.conf`);
  const listen = `directory "${folder}"; listen-on port ${port} { 127.0.0.1; };`;
  await writeFile(config, `options { ${listen} ${COMMON} ${options} };\ncontrols { };\n${more}\n`);
  return await startProgram({ command: "named", args: ["-g", "-n", "1", "-c", config], port, stopSignal: "SIGKILL" });
}

/** `/dns-query` answers as RFC 8484 says; the other paths misbehave. */
async function startOverHttps(certificates: Certificates, resolver: number): Promise<Started> {
  const [cert, key] = await Promise.all([readFile(certificates.trusted.cert), readFile(certificates.trusted.key)]);
  const heard = new Set<string>();
  const server = createServer({ cert, key }, (request, response) => {
    const url = request.url ?? "";
    if (url.startsWith("/lost-once?") && heard.size !== heard.add(url).size) {
      request.socket.destroy();
      return;
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { "content-type": type, accept } = request.headers;
      const isQuery = request.method === "POST" && [type, accept].every((each) => each === MESSAGE_TYPE);
      if (!isQuery) response.writeHead(415).end();
      else void answer(url.replace(/\?.*/, ""), Buffer.concat(chunks), resolver, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { port: (server.address() as AddressInfo).port, stop };
}

const MESSAGE_TYPE = "application/dns-message";

const NO_BYTES = Buffer.alloc(0);

/** What is sent as an answer, by the path. */
const MESSAGES: Readonly<Record<string, (real: Buffer) => Buffer>> = {
  "/dns-query": (real) => real,
  "/lost-once": (real) => real,
  "/open%20sesame": (real) => real,
  "/long": () => Buffer.alloc(70_000),
  "/empty": () => NO_BYTES,
  "/other-id": (real) => Buffer.concat([Buffer.from([0x47, 0x11]), real.subarray(2)]),
};

async function answer(path: string, query: Buffer, resolver: number, response: ServerResponse): Promise<void> {
  const make = MESSAGES[path];
  if (make !== undefined) {
    response.writeHead(200, { "content-type": MESSAGE_TYPE }).end(make(await ask(query, resolver)));
  } else if (path === "/html") response.writeHead(200, { "content-type": "text/html" }).end("<p>a portal</p>");
  else if (path === "/moved") response.writeHead(302, { location: "/dns-query" }).end();
  else response.writeHead(503).end();
}

/** Returns nothing when there is no answer. */
function ask(query: Buffer, port: number): Promise<Buffer> {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(query.length);
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  let received = NO_BYTES;
  const socket = connect(port, "127.0.0.1", () => socket.write(Buffer.concat([length, query])));
  socket.on("error", () => resolve(NO_BYTES)).on("close", () => resolve(NO_BYTES));
  socket.on("data", (bytes: Buffer) => {
    received = Buffer.concat([received, bytes]);
    if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
    resolve(received.subarray(2));
    socket.destroy();
  });
  return promise;
}
