/** A hub is backed up while it writes, killed, and begun again from the backup in an empty folder. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Peer } from "../../src/core/board/live-protocol.ts";
import type { FederatedService } from "../../src/core/federation/federated-service.ts";
import { streamSettings } from "../../src/relay/stream.ts";
import { NEVER_SLOW } from "../core/fixtures.ts";
import { databaseFile } from "../processes/database-file.ts";
import { call, flipsOf, type ServiceSeen, service } from "../processes/hub-client.ts";
import { startHere } from "../processes/hub-here.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { beat, connectCore, keptMessages, natsVars, registerHeartbeat } from "../processes/nats-hub.ts";
import { run, temporaryFolder } from "../servers/child-process.ts";
import { type Eyes, startEyes } from "../servers/eyes.ts";
import { startNatsPair } from "../servers/nats.ts";
import { until } from "../until.ts";

const COMMAND = fileURLToPath(new URL("../../src/cli/hub.ts", import.meta.url));
const SETTINGS = { HUB_ID: "hub-a", FEDERATION_TOKEN: "join-token-of-the-tests", FEDERATION_INTERVAL: "5" };

let eyes: Eyes;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let original: HubProcess;
let other: HubProcess;
let restored: HubProcess | undefined;
let file: string;

beforeAll(async () => {
  [eyes, folder, original] = await Promise.all([
    startEyes(),
    temporaryFolder("backup"),
    startHub({ vars: SETTINGS, fast: true }),
  ]);
  other = await startHub({
    vars: { ...SETTINGS, HUB_ID: "hub-b", FEDERATION_PEERS: original.url },
    fast: true,
  });
  file = join(folder.path, "hub.db");
});
afterAll(async () => {
  await Promise.all([eyes?.stop(), original?.remove(), other?.remove(), restored?.remove()]);
  await folder?.remove();
});

const put = (hub: HubProcess, name: string, fields: object = {}) =>
  call<{ id: number }>(hub, "PUT", `/api/projects/shop/services/${name}`, {
    health_method: "http",
    health_url: eyes.url(name),
    health_interval: 5,
    health_retries: 0,
    health_options: NEVER_SLOW,
    ...fields,
  });
const listed = async (hub: HubProcess) =>
  (await call<{ services: ServiceSeen[] }>(hub, "GET", "/api/services?limit=1000")).services;
const copied = async () =>
  (await call<{ services: FederatedService[] }>(other, "GET", "/api/federation/services?limit=1000&hub=hub-a")).services
    .map(({ name }) => name)
    .sort();
const identity = async (hub: HubProcess) => {
  const { hub_id, keys } = await call<{ hub_id: string; keys: unknown }>(hub, "GET", "/.well-known/hub");
  return { hub_id, keys };
};
const statuses = (services: ServiceSeen[]) =>
  services.map(({ id, name, health_status }) => `${id} ${name} ${health_status}`);

function epochOf(state: string): string {
  const database = new DatabaseSync(databaseFile(state), { readOnly: true });
  try {
    return String(database.prepare("SELECT epoch FROM registry").get()?.epoch);
  } finally {
    database.close();
  }
}

test("a backup of a hub that writes is restored into an empty folder: all is as it was, in another epoch", async () => {
  eyes.hide("sick", "all");
  const [well, sick] = [await put(original, "well"), await put(original, "sick")];
  const beat = await put(original, "beat", {
    health_method: "heartbeat",
    health_url: "",
    health_interval: 60,
    health_options: {},
  });
  await call(original, "POST", `/api/services/${beat.id}/heartbeat`, {});
  await until(async () => {
    expect(statuses(await listed(original)).sort()).toEqual(
      [`${well.id} well up`, `${sick.id} sick down`, `${beat.id} beat up`].sort(),
    );
    expect((await flipsOf(original, sick.id)).map(({ to }) => to)).toContain("down");
    expect(await copied()).toEqual(["beat", "sick", "well"]);
  });
  const before = {
    flips: await flipsOf(original, sick.id),
    ...(await identity(original)),
    epoch: epochOf(original.state),
  };

  let writes = 0;
  let isWriting = true;
  const writing = (async () => {
    while (isWriting)
      await put(original, `written-${writes++}`, { health_method: "heartbeat", health_url: "", health_options: {} });
  })();
  await until(() => expect(writes).toBeGreaterThan(5));
  const { stdout } = await run(process.execPath, [COMMAND, "backup", file, "--state", original.state]);
  isWriting = false;
  await writing;
  expect(stdout).toMatch(
    /^Backup of hub-a: .*\n {2}\d+ services in 1 project, .*\n {2}the hub's private key\n {2}the admin token\n/,
  );
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await put(original, "too-late");
  await until(async () => expect(await copied()).toContain("too-late"));
  const { url, token } = original;
  await original.kill9();

  const port = new URL(url).port;
  restored = await startHub({
    vars: SETTINGS,
    args: ["--restore", file, "--port", port],
    fast: true,
    prepare: async () => {},
  });
  const hub = restored;
  expect([hub.url, hub.token]).toEqual([url, token]);
  expect(readFileSync(join(hub.state, "admin-token"), "utf8").trim()).toBe(token);
  expect(hub.lines.join("\n")).toMatch(/restored hub-a from .*\n.*must not run beside this one/);
  const services = await listed(hub);
  const kept = services.filter(({ name }) => !name.startsWith("written-"));
  expect(statuses(kept).sort()).toEqual([`${well.id} well up`, `${sick.id} sick down`, `${beat.id} beat up`].sort());
  // Those that were written before the copy was made, and none of the later ones.
  const written = services.filter(({ name }) => name.startsWith("written-")).map(({ name }) => name);
  expect(new Set(written)).toEqual(new Set(written.map((_, index) => `written-${index}`)));
  expect(written.length).toBeGreaterThan(0);
  expect(await identity(hub)).toEqual({ hub_id: before.hub_id, keys: before.keys });
  expect(epochOf(hub.state) > before.epoch).toBe(true);

  // The lanes begin anew, with what the database says: checks go on, and no flip is made up.
  const start = hub.clock.now();
  await until(async () => {
    for (const { id } of [well, sick]) {
      const { last_health_check } = await service(hub, id);
      expect(Date.parse(last_health_check ?? "")).toBeGreaterThan(start + 10_000);
    }
  });
  expect(await flipsOf(hub, sick.id)).toEqual(before.flips);
  expect((await service(hub, well.id)).health_status).toBe("up");
  eyes.hide("sick", []);
  await until(async () =>
    expect((await flipsOf(hub, sick.id)).slice(before.flips.length).map(({ to }) => to)).toEqual(["up"]),
  );

  // The other hub still trusts the key, and copies everything anew: what came after the backup is gone.
  await put(hub, "new");
  const expected = ["beat", "sick", "well", "new", ...written].sort();
  await until(async () => expect(await copied()).toEqual(expected));
  const { hubs } = await call<{ hubs: Peer[] }>(other, "GET", "/api/federation/hubs");
  expect(hubs).toMatchObject([{ hub_id: "hub-a", status: "up", error: null }]);
});

test("where a hub is, and under another name, a start refuses the backup", async () => {
  await restored?.stop();
  const again = startHere([
    "--state",
    restored?.state ?? "",
    "--port",
    "0",
    "--restore",
    file,
    "--var",
    "HUB_ID=hub-a",
  ]);
  expect(await again.code).toBe(1);
  expect(again.lines.join("\n")).toContain("choose another folder by --state DIR");
  const named = startHere(["--state", join(folder.path, "state"), "--port", "0", "--restore", file]);
  expect(await named.code).toBe(1);
  expect(named.lines.join("\n")).toContain("add --var HUB_ID=hub-a");
});

test("JetStream takes a flip after the restoration for new, though the hub told of one with that number before", async () => {
  const nats = await startNatsPair({ hub_id: "hub-n" });
  await nats.setUp(streamSettings());
  const core = await connectCore(nats.core_url);
  const vars = natsVars("hub-n", nats.relay_url);
  const file = join(folder.path, "nats.db");
  const first = await startHub({ vars, fast: true });
  let second: HubProcess | undefined;
  const told = async (what: string) => (await keptMessages(core)).filter(({ id }) => id.endsWith(what)).length;
  try {
    const id = await registerHeartbeat(first, "api");
    await beat(first, id, "pass");
    await until(async () => expect(await told(`:${id}:1`)).toBe(1));
    await run(process.execPath, [COMMAND, "backup", file, "--state", first.state]);
    await beat(first, id, "fail");
    await until(async () => expect(await told(`:${id}:2`)).toBe(1));
    await first.kill9();
    second = await startHub({ vars, fast: true, args: ["--restore", file], prepare: async () => {} });
    expect((await service(second, id)).health_status).toBe("up");
    await beat(second, id, "fail");
    await until(async () => expect(await told(`:${id}:2`)).toBe(2));
    for (const once of [`:${id}:1`, `:${id}:registered-1`]) expect(await told(once)).toBe(1);
    const ids = (await keptMessages(core)).map((each) => each.id);
    expect(new Set(ids).size).toBe(ids.length);
  } finally {
    await core.close();
    await Promise.all([first.remove(), second?.remove()]);
    await nats.stop();
  }
});
