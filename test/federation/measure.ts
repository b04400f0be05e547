/** Measures the federation's rules over simulated links, in a process of its own. Prints JSON. */
import { deepStrictEqual } from "node:assert";
import { PAGE_SERVICES } from "../../src/core/federation/federation.ts";
import { importPrivateKey, newKeyPair } from "../../src/federation/keys.ts";
import { newNonce, signRequest } from "../../src/federation/signatures.ts";
import { searchRemote } from "../../src/store/federation/remote-search.ts";
import { checkConvergence } from "./converging.ts";
import { SimulatedHub, type Traffic } from "./simulated-hubs.ts";

const HUBS = 10;
const SERVICES = 1_000;

const [what, count] = process.argv.slice(2);
const started = performance.now();
const result = what === "convergence" ? await convergence(Number(count)) : await size();
console.log(JSON.stringify({ ...result, seconds: (performance.now() - started) / 1_000 }));

async function convergence(runs: number) {
  await checkConvergence(runs);
  return { runs };
}

/** Ten hubs of a thousand services: from empty, in a minute in which nothing happens, and after one flip. */
async function size() {
  const hubs = Array.from({ length: HUBS }, (_each, index) => new SimulatedHub(`hub-${index}`, PAGE_SERVICES));
  for (const one of hubs) await one.begin(hubs.filter((other) => other !== one).map(({ id }) => id));
  for (const one of hubs) await one.fill(SERVICES);
  const first = await round(hubs);
  await expectEqual(hubs);
  const quiet = await round(hubs);
  await hubs[0]?.flip("s-7", "down");
  const flipped = await round(hubs);
  await expectEqual(hubs);
  return {
    ...(await lookUp(hubs)),
    pairs: HUBS * (HUBS - 1),
    first,
    quiet,
    flipped,
    request_bytes: await requestBytes(),
  };
}

/** What 9,000 copies take up, and how long the first page of all of them and one by its name take. */
async function lookUp(hubs: readonly SimulatedHub[]) {
  const [some, ...others] = hubs;
  if (some === undefined) throw new Error("there is no hub");
  const ids = others.map(({ id }) => id);
  const took = async (filter: { name?: string }) => {
    const began = performance.now();
    await searchRemote(some.db, ids, filter, { limit: 101 });
    return performance.now() - began;
  };
  await took({});
  const times = { first_page_ms: await took({}), by_name_ms: await took({ name: "s-77" }) };
  return { ...times, copy_bytes: some.database.bytesOf("remote_services") / (others.length * SERVICES) };
}

/** Every hub pulls once from every other. */
async function round(hubs: readonly SimulatedHub[]): Promise<Traffic & { seconds: number }> {
  const traffic: Traffic = { requests: 0, bytes: 0 };
  const began = performance.now();
  for (const one of hubs) for (const other of hubs) if (one !== other) await one.pullFrom(other, traffic);
  return { ...traffic, seconds: (performance.now() - began) / 1_000 };
}

async function expectEqual(hubs: readonly SimulatedHub[]): Promise<void> {
  for (const one of hubs) {
    for (const other of hubs) if (one !== other) deepStrictEqual(await one.viewOf(other), await other.truth());
  }
}

/** Of the line and the headers of a signed request, as they are on the wire before any compression. */
async function requestBytes(): Promise<number> {
  const pair = await newKeyPair(Date.now());
  const query = `since=12345&epoch=${"e".repeat(16)}&mark=${"m".repeat(18)}`;
  const url = `https://hub-b.example.com/api/federation/sync?${query}`;
  const key = { kid: pair.kid, privateKey: await importPrivateKey(pair) };
  const headers = await signRequest({ method: "GET", url, body: null }, key, { now: Date.now(), nonce: newNonce() });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${new URL(url).pathname}?${query} HTTP/1.1\r\nhost: hub-b.example.com\r\n${lines.join("")}\r\n`.length;
}
