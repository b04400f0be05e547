import { mkdir, readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type LocalHubOptions, startLocalHub } from "../../src/cli/start/local-hub.ts";
import { writeLauncher } from "../../src/cli/start/workerd.ts";
import { NOT_PUBLIC } from "../../src/core/service/public-network.ts";
import { freePort, temporaryFolder } from "../servers/child-process.ts";
import { until } from "../until.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeEach(async () => {
  folder = await temporaryFolder("local-hub");
  process.env.MINIFLARE_WORKERD_PATH = await writeLauncher(folder.path);
});
afterEach(async () => {
  delete process.env.MINIFLARE_WORKERD_PATH;
  await folder.remove();
});

async function start(source: string, log: LocalHubOptions["log"] = () => {}, vars: LocalHubOptions["vars"] = {}) {
  const entry = join(folder.path, "index.js");
  await writeFile(entry, source);
  const port = await freePort();
  const hub = await startLocalHub({
    worker: {
      name: "hub",
      compatibilityDate: "2026-10-01",
      compatibilityFlags: ["nodejs_compat"],
      d1Databases: { DB: { id: "db" } },
      durableObjects: {},
      queueConsumers: {},
      bindings: { HUB_ID: "configured", HUB_NAME: "kept" },
    },
    entry,
    data: join(folder.path, "data"),
    temporary: join(folder.path, "tmp"),
    host: "127.0.0.1",
    port,
    vars: { HUB_ID: "given", ...vars },
    log,
    restarted() {},
  });
  return { hub, url: `http://127.0.0.1:${port}` };
}

describe("a Worker in the local runtime", () => {
  test("gets the configured vars, and given ones win", async () => {
    const { hub, url } = await start("export default { fetch: (_, env) => Response.json([env.HUB_ID, env.HUB_NAME]) }");
    expect(await (await fetch(url)).json()).toEqual(["given", "kept"]);
    await hub.stop();
  });

  test("is asked for what a client says, whatever headers of the runtime's own say", async () => {
    const { hub, url } = await start(
      "export default { fetch: ({ url, headers, method }) => Response.json([url, method, headers.get('sec-fetch-mode')]) }",
    );
    const headers = {
      "MF-Original-URL": "https://elsewhere.example/secret",
      "MF-Route-Override": "none",
      "MF-Op": "GET",
      "MF-Sec-Fetch-Mode": "navigate",
      "MF-Original-Hostname": "elsewhere.example",
      "X-Forwarded-Proto": "https",
    };
    const asked = await fetch(`${url}/path?x`, { headers });
    expect(await asked.json()).toEqual([`${url}/path?x`, "GET", "cors"]);
    expect((await fetch(`${url}/`, { headers: { "MF-Proxy-Shared-Secret": "guess" } })).status).toBe(200);
    await hub.stop();
  });

  test("is told the time of each tick, and its log lines come out as they are", async () => {
    const lines: string[] = [];
    const { hub } = await start(
      "export default { scheduled(event) { console.log(JSON.stringify({ at: event.scheduledTime, cron: event.cron })) } }",
      ({ message }) => lines.push(message),
    );
    await hub.tick(1_700_000_040_000);
    await until(() => expect(lines).toEqual(['{"at":1700000040000,"cron":"* * * * *"}']));
    await hub.stop();
  });

  test("a scheduled handler that fails makes its tick fail", async () => {
    const { hub } = await start("export default { async scheduled() { throw new Error('no') } }");
    await expect(hub.tick(1)).rejects.toThrow("the scheduled handler ended with: exception");
    await hub.stop();
  });

  test("reaches nothing private through the network of probes and by looks, unless that is allowed", async () => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.end("private");
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const { port } = server.address() as AddressInfo;
    const source = `export default { async fetch({ url }, env) {
      const { pathname } = new URL(url);
      if (pathname === "/look") return await env.RESOLVER.fetch("http://resolver/?address=localhost:${port}");
      const host = decodeURIComponent(pathname.slice(1)) + ":${port}";
      const { opened } = env.INTERNET.connect(host, { secureTransport: "starttls" });
      const tries = [env.INTERNET.fetch("http://" + host), env.INTERNET.fetch("https://" + host), opened];
      return Response.json((await Promise.allSettled(tries)).map(({ status }) => status));
    } }`;
    const ask = async (url: string) => await (await fetch(url)).json();
    const refusing = await start(source, () => {}, { ALLOW_PRIVATE_TARGETS: "false" });
    for (const host of ["localhost", "127.0.0.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]"]) {
      const url = `${refusing.url}/${encodeURIComponent(host)}`;
      expect([host, await ask(url)]).toEqual([host, ["rejected", "rejected", "rejected"]]);
    }
    expect(await ask(`${refusing.url}/look`)).toMatch(new RegExp(`^${NOT_PUBLIC}(127\\.0\\.0\\.1|::1)$`));
    await refusing.hub.stop();
    const allowing = await start(source, () => {}, { ALLOW_PRIVATE_TARGETS: "true" });
    expect(asked).toBe(0);
    expect(await ask(`${allowing.url}/localhost`)).toEqual(["fulfilled", "rejected", "fulfilled"]); // no TLS there
    expect(asked).toBe(1);
    expect(await ask(`${allowing.url}/look`)).toBe("");
    await allowing.hub.stop();
    await new Promise((resolve) => server.close(resolve));
  });

  test("nobody who reaches its port makes it tick", async () => {
    const ticks: string[] = [];
    const { hub, url } = await start(
      "export default { fetch: () => new Response('a page'), scheduled() { console.log('ticked') } }",
      ({ message }) => ticks.push(message),
    );
    for (const path of ["/cdn-cgi/local/scheduled?time=4102444800000", "/cdn-cgi/handler/scheduled", "/__scheduled"]) {
      for (const headers of [{}, { "mf-op": "CALL" }]) await (await fetch(`${url}${path}`, { headers })).text();
    }
    await hub.tick(1);
    await until(() => expect(ticks).toEqual(["ticked"]));
    await hub.stop();
  });

  test("that can't start is refused, and what an earlier hub left is tidied away", async () => {
    await mkdir(join(folder.path, "tmp/miniflare-of-a-killed-hub"), { recursive: true });
    await expect(start("throw new Error('broken at start')")).rejects.toThrow(/broken at start|failed to start/);
    expect(await readdir(join(folder.path, "tmp"))).toEqual([]);
  });
});
