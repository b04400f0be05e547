/** As a newcomer does it: `npm run relay`, `npm start` with NATS_URL and nothing else, and any NATS client. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { connect } from "@nats-io/transport-node";
import { expect, test } from "vitest";
import { startHub } from "../processes/hub-process.ts";
import { beat, registerHeartbeat } from "../processes/nats-hub.ts";
import { freePort, temporaryFolder } from "../servers/child-process.ts";
import { until } from "../until.ts";

const RELAY = fileURLToPath(new URL("../../src/relay/relay.ts", import.meta.url));

test("two commands, and a client of the core hears health, summaries and registrations", async () => {
  const folder = await temporaryFolder("local-nats");
  const [port, core] = [await freePort(), await freePort()];
  const args = ["--port", String(port), "--core-port", String(core), "--state", folder.path];
  const relay = spawn(process.execPath, [RELAY, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  createInterface(relay.stdout).on("line", (line) => lines.push(line));
  try {
    const [, url] = await until(
      () => /NATS_URL=(\S+)/.exec(lines.join("\n")) ?? Promise.reject(new Error("the relay is not ready")),
    );
    const hub = await startHub({ vars: { NATS_URL: url ?? "" }, args: ["--quiet"] });
    const client = await connect({ servers: `127.0.0.1:${core}` });
    const heard = new Set<string>();
    client.subscribe("hub.>", {
      callback: (_, message) => void heard.add(`${message.subject} ${message.headers?.get("ce-type")}`),
    });
    try {
      await client.flush();
      await beat(hub, await registerHeartbeat(hub, "api"), "pass");
      await until(() => expect([...heard].join()).toContain("health.api commandcenter.service.flip"));
      await hub.restart(); // its cron ticks at once
      await until(() =>
        expect([...heard].toSorted()).toEqual([
          "hub.global.health commandcenter.hub.summary",
          "hub.hub-main.health.api commandcenter.service.flip",
          "hub.hub-main.health.api commandcenter.service.health",
          "hub.hub-main.health.summary commandcenter.hub.summary",
          "hub.hub-main.service.registered commandcenter.service.registered",
        ]),
      );
    } finally {
      await client.close();
      await hub.remove();
    }
  } finally {
    const ended = once(relay, "exit");
    relay.kill("SIGINT");
    expect(await ended).toEqual([0, null]);
    await folder.remove();
  }
});
