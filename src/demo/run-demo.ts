/**
 * `npm run demo`: three hubs that know each other, a relay, and some little services that fail and recover. It needs no
 * settings and leaves nothing behind.
 */

import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claimPort } from "../cli/start/port.ts";
import { messageOf } from "../core/values/error-message.ts";
import { type LocalServers, startLocalServers } from "../relay/servers.ts";
import { setUpStream } from "../relay/stream.ts";
import { type DemoHub, startDemoHub } from "./demo-hub.ts";
import { type LittleServices, startLittleServices } from "./little-services.ts";
import { registerAll } from "./registrations.ts";

const HUBS = [
  { id: "hub-eu", name: "Europe", region: "weur" },
  { id: "hub-us", name: "North America", region: "enam" },
  { id: "hub-ap", name: "Asia", region: "apac" },
] as const;
/** Seconds; shorter than usual, so that there is something to see. */
const FEDERATION_INTERVAL = 10;
const TOKEN_BYTES = 24;
const HOST = "127.0.0.1";

const USAGE = `Usage: npm run demo

Starts three federated hubs, a NATS relay and some services that fail and recover, all on free ports of this machine,
and prints where the dashboards are. Type the number of a hub and Enter to kill it, and again to start it.
Ctrl-C ends everything and removes what was stored.`;

export interface DemoIo {
  out(line: string): void;
  err(line: string): void;
  /** Calls `heard` with each line that the user types. */
  onLine(heard: (line: string) => void): void;
  /** Resolves when the user wants the program to end. */
  stopped: Promise<unknown>;
}

/** Returns the exit code: 0 for success, 1 for a failure, 2 for a wrong command line. */
export async function runDemo(argv: readonly string[], io: DemoIo): Promise<number> {
  if (argv.length > 0) {
    const isHelp = argv[0] === "--help" || argv[0] === "-h";
    io[isHelp ? "out" : "err"](USAGE);
    return isHelp ? 0 : 2;
  }
  const folder = await mkdtemp(join(tmpdir(), "hub-demo-"));
  const running: { stop(): Promise<unknown> }[] = [];
  try {
    await Promise.race([start(folder, running, io), io.stopped]);
    await io.stopped;
    return 0;
  } catch (error) {
    io.err(messageOf(error));
    return 1;
  } finally {
    io.out("ending …");
    await Promise.all(running.reverse().map((each) => each.stop().catch(() => undefined)));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function start(folder: string, running: { stop(): Promise<unknown> }[], io: DemoIo): Promise<void> {
  const services = await startLittleServices();
  running.push(services);
  const nats = await startRelay(join(folder, "nats"), io);
  if (nats !== null) running.push(nats.servers);
  const hubs: DemoHub[] = [];
  const token = randomBytes(TOKEN_BYTES).toString("hex");
  for (const { id, name, region } of HUBS) {
    io.out(`starting ${id} …`);
    const first = hubs[0];
    const vars = {
      HUB_ID: id,
      HUB_NAME: name,
      HUB_REGION: region,
      PUBLIC_READ: "true",
      FEDERATION_TOKEN: token,
      FEDERATION_INTERVAL: String(FEDERATION_INTERVAL),
      ...(first === undefined ? {} : { FEDERATION_PEERS: first.url }),
      ...(nats === null ? {} : { NATS_URL: nats.url }),
    };
    const hub = await startDemoHub({ id, port: await claimPort(0, HOST), state: join(folder, id), vars });
    running.push(hub);
    hubs.push(hub);
  }
  await registerAll(hubs, services);
  tell(hubs, services, nats?.core ?? null, io);
  io.onLine((line) => void toggle(hubs[Number(line.trim()) - 1], io));
}

/** Without nats-server there is no relay; all else works. */
async function startRelay(
  folder: string,
  io: DemoIo,
): Promise<{ servers: LocalServers; url: string; core: string } | null> {
  const [port, core_port] = [await claimPort(0, HOST), await claimPort(0, HOST)];
  try {
    // The relay serves all three hubs, so its user may speak for any of them.
    const servers = await startLocalServers({ folder, hub_id: "*", port, core_port });
    const core = `nats://${HOST}:${core_port}`;
    await setUpStream(core);
    return { servers, url: `ws://${HOST}:${port}`, core };
  } catch (error) {
    io.err(`without NATS: ${messageOf(error)}`);
    return null;
  }
}

function tell(hubs: readonly DemoHub[], services: LittleServices, core: string | null, io: DemoIo): void {
  io.out("");
  hubs.forEach((hub, index) => {
    io.out(`  ${index + 1}  ${hub.id}  ${hub.url}  admin token: ${hub.token}`);
  });
  io.out("");
  if (core !== null) io.out(`  NATS: nats sub -s ${core} 'hub.>'`);
  io.out(
    `  a healthy instance near you: curl '${hubs[0]?.url}/api/federation/services?name=search&healthy=true&near=weur'`,
  );
  io.out(`  ${services.plan}`);
  io.out("");
  io.out("  1, 2 or 3 and Enter kills that hub, and starts it again. Ctrl-C ends everything.");
}

async function toggle(hub: DemoHub | undefined, io: DemoIo): Promise<void> {
  if (hub === undefined) return io.out("type 1, 2 or 3");
  try {
    const isRunning = await hub.toggle();
    io.out(isRunning ? `${hub.id} runs again` : `${hub.id} is killed; the others go on`);
  } catch (error) {
    io.err(`${hub.id}: ${messageOf(error)}`);
  }
}
