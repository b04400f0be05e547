import { readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runRelay } from "../../src/relay/run-relay.ts";
import { freePort, run, temporaryFolder } from "../servers/child-process.ts";
import { until } from "../until.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder("relay");
});
afterAll(() => folder.remove());

function relay(args: string[]) {
  const lines: string[] = [];
  const stop = Promise.withResolvers<void>();
  const io = {
    out: (line: string) => lines.push(line),
    err: (line: string) => lines.push(line),
    stopped: stop.promise,
  };
  return { lines, stop: stop.resolve, code: runRelay(args, io), text: () => lines.join("\n") };
}

describe("a local relay", () => {
  test("comes with a core that has the stream, whoever has the ports beside, and goes when it is told to", async () => {
    const [port, core] = [await freePort(), await freePort()];
    const neighbours = [core + 1, core + 2].map((taken) => {
      return createServer()
        .once("error", () => {}) // somebody else has it, which does as well
        .listen(taken, "127.0.0.1");
    });
    const local = relay(["--port", String(port), "--core-port", String(core), "--state", join(folder.path, "state")]);
    await until(() => expect(local.text()).toContain(`relay ready at ws://127.0.0.1:${port}`));
    expect(await readdir(join(folder.path, "state"))).toEqual(["core.conf", "jetstream", "relay.conf"]);
    const client = await connect({ servers: `127.0.0.1:${core}` });
    const { config } = await (await jetstreamManager(client)).streams.info("HUB_EVENTS");
    expect(config.subjects).toEqual(["hub.*.health.*", "hub.*.service.*"]);
    expect(config.duplicate_window).toBeGreaterThanOrEqual(2 * 3_600e9);
    await client.close();
    const again = relay(["stream", "--core-url", `nats://127.0.0.1:${core}`]);
    expect({ code: await again.code, lines: again.lines }).toEqual({ code: 0, lines: ["stream HUB_EVENTS updated"] });
    local.stop();
    expect(await local.code).toBe(0);
    for (const neighbour of neighbours) neighbour.close();
    await expect(connect({ servers: `127.0.0.1:${core}`, reconnect: false })).rejects.toThrow();
  });

  test("is not started on a port that another program has", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await until(() => expect(other.listening).toBe(true));
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const local = relay(["--port", String(port), "--core-port", String(await freePort()), "--state", folder.path]);
    expect(await local.code).toBe(1);
    expect(local.text()).toContain(`port ${port} is taken`);
    other.close();
  });
});

describe("the configuration for production", () => {
  test("is one that nats-server takes, with TLS and the hub's own permissions", async () => {
    const secret = join(folder.path, "password");
    await writeFile(secret, "a-hub-password\n");
    const pair = { cert: join(folder.path, "tls.crt"), key: join(folder.path, "tls.key") };
    const subject = [
      "-subj",
      "/CN=localhost",
      "-days",
      "2",
      "-nodes",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
    ];
    await run("openssl", ["req", "-x509", ...subject, "-out", pair.cert, "-keyout", pair.key]);
    const args = ["--core-url", "tls://core.example:7422", "--cert", pair.cert, "--key", pair.key];
    const made = relay(["config", ...args, "--password-file", secret, "--hub-id", "hub-eu"]);
    expect(await made.code).toBe(0);
    expect(made.text()).toContain('password: "a-hub-password"');
    expect(made.text()).toContain('"hub.hub-eu.health.*"');
    expect(made.text()).not.toContain("no_tls");
    const file = join(folder.path, "relay.conf");
    await writeFile(file, made.text());
    const { stderr } = await run("nats-server", ["-t", "-c", file]);
    expect(stderr).toContain("is valid");
  });
});

test.each<[string, string[], number, RegExp]>([
  ["help is asked for", ["--help"], 0, /^Usage:/],
  ["the command is unknown", ["dance"], 2, /^unknown command: dance\n\nUsage:/],
  ["there is too much", ["stream", "now"], 2, /^unexpected: now/],
  ["an option is unknown", ["--prot", "1"], 2, /Unknown option '--prot'/],
  ["a port is none", ["--port", "http"], 2, /^--port: expected a port number/],
  ["a needed option is missing", ["stream"], 2, /^--core-url is missing/],
  [
    "the number of copies is odd in the wrong way",
    ["stream", "--replicas", "2", "--core-url", "nats://x"],
    2,
    /1, 3 or 5/,
  ],
  ["the core is not there", ["stream", "--core-url", "nats://127.0.0.1:1"], 1, /./],
])("says so when %s", async (_, args, code, text) => {
  const asked = relay(args);
  expect(await asked.code).toBe(code);
  expect(asked.text()).toMatch(text);
});
