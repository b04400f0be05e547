/** The agent's client of a real Docker engine, over TLS with certificates as the docker command reads them. */
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectEngine } from "../../src/agent/containers/engine.ts";
import { freePort, temporaryFolder } from "../servers/child-process.ts";
import { type DockerEngine, IMAGE, startDocker } from "../servers/docker.ts";

let engine: DockerEngine;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let port: number;

beforeAll(async () => {
  folder = await temporaryFolder("certificates");
  makeCertificates(folder.path);
  port = await freePort();
  const file = (name: string) => `${folder.path}/${name}`;
  engine = await startDocker([
    ...["-H", `tcp://127.0.0.1:${port}`, "--tlsverify", "--tlscacert", file("ca.pem")],
    ...["--tlscert", file("server-cert.pem"), "--tlskey", file("server-key.pem")],
  ]);
});
afterAll(async () => {
  await engine?.stop();
  await folder?.remove();
});

/** An authority, a server's certificate for 127.0.0.1 and a client's. */
function makeCertificates(path: string): void {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: path, stdio: "pipe" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
  openssl("req", "-x509", ...newKey, "-subj", "/CN=test-ca", "-keyout", "ca-key.pem", "-out", "ca.pem");
  const issue = (name: string, ...extensions: string[]) => {
    const signed = ["-CA", "ca.pem", "-CAkey", "ca-key.pem", ...extensions.flatMap((each) => ["-addext", each])];
    const files = ["-keyout", `${name}key.pem`, "-out", `${name}cert.pem`];
    openssl("req", "-x509", ...newKey, "-subj", "/CN=test", ...signed, ...files);
  };
  issue("server-", "subjectAltName=IP:127.0.0.1", "basicConstraints=critical,CA:FALSE");
  issue("", "extendedKeyUsage=clientAuth", "basicConstraints=critical,CA:FALSE");
}

test("lists, inspects, measures, runs commands in and hears of containers over TLS", async () => {
  const client = await connectEngine(`tcp://127.0.0.1:${port}`, folder.path);
  const { signal } = new AbortController();
  const events = await client.events();
  const first = events.next();
  const container = await engine.docker.createContainer({
    name: "box",
    Image: IMAGE,
    Cmd: ["sleep", "60"],
    HostConfig: { NetworkMode: "host" },
  });
  await container.start();
  expect(await first).toMatchObject({ value: { action: "create", id: container.id } });
  expect(await client.ids(signal)).toEqual([container.id]);
  expect(await client.inspect(container.id, signal)).toMatchObject({ name: "box", state: "running", image: IMAGE });
  expect(await client.inspect("nobody", signal)).toBeNull();
  expect((await client.usage(container.id, signal)).memoryBytes).toBeGreaterThan(0);
  const begun = Promise.withResolvers<void>();
  const run = { signal, begun: begun.resolve };
  expect(await client.exec(container.id, "echo hello; exit 3", run)).toEqual({ code: 3, output: "hello\n" });
  await begun.promise;
  const hung = client.exec(container.id, "sleep 60", { signal: AbortSignal.timeout(300), begun: () => {} });
  await expect(hung).rejects.toThrow();
  client.close();
  await container.remove({ force: true });
});

test("is refused without a certificate", async () => {
  const client = await connectEngine(`tcp://127.0.0.1:${port}`);
  await expect(client.ids(AbortSignal.timeout(10_000))).rejects.toThrow();
});
