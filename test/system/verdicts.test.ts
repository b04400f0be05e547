/** Who has to see what before a service is called down: a hub with two vantages and a target that answers each its own way. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { NEVER_SLOW } from "../core/fixtures.ts";
import { call, flipsOf, type ServiceSeen, service } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { type Eyes, startEyes } from "../servers/eyes.ts";
import { until } from "../until.ts";

const INTERVAL_S = 5;
const RETRIES = 2;
/** 1 s and 2 s, less the jitter of 20 %. */
const SOONEST_MS = 2_400;
const LOCAL_SLOTS_PER_HOST = 8;
/** Who can't see the service of this name. */
const BLIND: Record<string, string[]> = {
  "not-from-home": ["home"],
  "not-from-weur": ["weur"],
  "not-from-enam": ["enam"],
  "only-from-enam": ["home", "weur"],
};

let eyes: Eyes;
let control: Eyes;
let hub: HubProcess;
let blindSince: number;
const ids = new Map<string, number>();
const idOf = (name: string) => ids.get(name) ?? 0;

async function register(name: string, body: object = {}): Promise<void> {
  const { id } = await call<ServiceSeen>(hub, "PUT", `/api/projects/shop/services/${name}`, {
    health_method: "http",
    health_url: eyes.url(name),
    health_interval: INTERVAL_S,
    health_timeout: 2,
    health_retries: RETRIES,
    health_options: NEVER_SLOW,
    ...body,
  });
  ids.set(name, id);
}

const statusOf = async (name: string) => (await service(hub, idOf(name))).health_status;
const requestsSince = (name: string, at: number) => eyes.seen(name).filter((seen) => seen.at >= at);

beforeAll(async () => {
  [eyes, control] = await Promise.all([startEyes(), startEyes()]);
  hub = await startHub({ vars: { PROBE_VANTAGES: "weur,enam", PROBE_CONTROL_URL: control.url("control") } });
  for (const name of [...Object.keys(BLIND), "outage", "alone"]) await register(name);
  for (const name of ids.keys()) await until(async () => expect(await statusOf(name)).toBe("up"));
});
afterAll(async () => {
  await hub?.remove();
  await Promise.all([eyes?.stop(), control?.stop()]);
});

test("an outage that all see is confirmed when the retries are used up and no earlier, with every attempt as evidence", async () => {
  blindSince = Date.now();
  for (const [name, from] of Object.entries(BLIND)) eyes.hide(name, from);
  eyes.hide("outage", "all");
  await until(async () => expect(await statusOf("outage")).toBe("down"));
  const [, flip] = await until(async () => {
    const flips = await flipsOf(hub, idOf("outage"));
    expect(flips.map(({ seq, from, to }) => [seq, from, to])).toEqual([
      [1, "unknown", "up"],
      [2, "up", "down"],
    ]);
    return flips;
  });
  const firstAt = Date.parse(flip?.began_at ?? "");
  const tookMs = Date.parse(flip?.at ?? "") - firstAt;
  expect(tookMs).toBeGreaterThanOrEqual(SOONEST_MS);
  expect(firstAt).toBeGreaterThanOrEqual(blindSince);
  // The next scheduled check may come in between. It is evidence, and neither a retry nor what confirms the outage.
  const [first, ...others] = flip?.evidence ?? [];
  expect(first?.vantage).toBe("home");
  expect(others.map(({ vantage }) => vantage).filter((vantage) => vantage !== "home")).toEqual(["weur", "enam"]);
  expect(others.at(-1)?.vantage).toBe("enam");
  expect(flip?.evidence.map(({ ok }) => ok)).not.toContain(true);
  expect(flip?.evidence.every(({ error }) => error?.startsWith("connect: "))).toBe(true);
});

test("trouble that some vantages have makes no flip while another one sees the service", async () => {
  const since = blindSince;
  await until(() =>
    expect(requestsSince("only-from-enam", since).filter((seen) => seen.vantage === "enam").length).toBeGreaterThan(1),
  );
  for (const [name, from] of Object.entries(BLIND)) {
    const found = await service(hub, idOf(name));
    expect(found, name).toMatchObject({ health_status: "up" });
    expect(
      (await flipsOf(hub, idOf(name))).map(({ to }) => to),
      name,
    ).toEqual(["up"]);
    if (from.includes("home")) expect(requestsSince(name, since).map(({ vantage }) => vantage)).toContain("weur");
    else expect(new Set(requestsSince(name, since).map(({ vantage }) => vantage))).toEqual(new Set(["home"]));
  }
  await until(async () => {
    const found = await service(hub, idOf("only-from-enam"));
    expect(found.health_details.unseen_from).toEqual(["home", "weur"]);
  });
});

test("a service that is down is up again as soon as it is seen", async () => {
  eyes.hide("outage", ["weur", "enam"]);
  await until(async () => expect(await statusOf("outage")).toBe("up"));
  const flips = await until(async () => {
    const found = await flipsOf(hub, idOf("outage"));
    expect(found.map(({ to }) => to)).toEqual(["up", "down", "up"]);
    return found;
  });
  expect(flips.at(-1)?.evidence).toMatchObject([{ vantage: "home", ok: true }]);
});

test("a round in which the hub itself can't see changes nothing", async () => {
  control.hide("control", "all");
  eyes.hide("alone", "all");
  const probe = () => call<object>(hub, "POST", `/api/services/${idOf("alone")}/check`);
  const error = expect.stringMatching(/^the hub can't see its control target \(connect: /);
  for (let round = 0; round <= RETRIES; round++) {
    expect(await probe()).toMatchObject({ status: "up", observation: { verdict: "inconclusive", error }, retry: null });
  }
  expect(await service(hub, idOf("alone"))).toMatchObject({ health_status: "up", consecutive_failures: 0 });
  control.hide("control", []);
  await until(async () => expect(await statusOf("alone")).toBe("down"));
});

test("one host gets no more than its share of connections at once, and all its services are checked", async () => {
  eyes.slow("crowd", 100);
  const names = Array.from({ length: 24 }, (_each, index) => `crowd-${index}`);
  const services = names.map((name) => ({
    name,
    health_method: "http",
    health_url: eyes.url("crowd"),
    health_options: NEVER_SLOW,
    health_interval: 3_600,
  }));
  const { id } = await call<{ id: number }>(hub, "POST", "/api/projects", { name: "crowd" });
  await call(hub, "PUT", `/api/projects/${id}/manifest`, { services });
  await until(async () => {
    const { counts } = await call<{ counts: { up: number } }>(hub, "GET", `/api/projects/${id}/health`);
    expect(counts.up).toBe(24);
  });
  expect(eyes.busiest("crowd")).toBeLessThanOrEqual(LOCAL_SLOTS_PER_HOST);
  expect(eyes.busiest("crowd")).toBeGreaterThan(1);
});

test("a root cause is confirmed with its victims, although its own checks are an hour apart", async () => {
  const HOURLY = { health_interval: 3_600 };
  await register("root", HOURLY);
  await register("middle", { ...HOURLY, depends_on: ["root"] });
  await register("leaf", { ...HOURLY, depends_on: ["shop/middle", "hub-main/shop/nobody"] });
  for (const name of ["root", "middle", "leaf"]) await until(async () => expect(await statusOf(name)).toBe("up"));
  await new Promise((resolve) => setTimeout(resolve, 5_000)); // none was checked a moment ago
  for (const name of ["root", "middle", "leaf"]) eyes.hide(name, "all");
  await call(hub, "POST", `/api/services/${idOf("leaf")}/check`);
  await until(async () => {
    for (const name of ["root", "middle", "leaf"]) expect(await statusOf(name)).toBe("down");
  });
  const began = await Promise.all(
    ["root", "leaf"].map(async (name) => Date.parse((await flipsOf(hub, idOf(name))).at(-1)?.began_at ?? "")),
  );
  expect(Math.abs((began[0] ?? 0) - (began[1] ?? 0))).toBeLessThan(60_000); // not an hour
  const { outages } = await call<{ outages: { cause: { name: string }; affected_count: number }[] }>(
    ...([hub, "GET", "/api/outages"] as const),
  );
  expect(outages.find(({ cause }) => cause.name === "root")).toMatchObject({ affected_count: 2 });
});
