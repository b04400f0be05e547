/** Joining the hubs that a setting names, with their answers made up. What is stored must outlast the object's memory. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Joined } from "../../../src/core/federation/federation.ts";
import { ConfiguredPeers } from "../../../src/objects/federation/configured-peers.ts";
import type { Refusable } from "../../../src/platform/bindings.ts";
import { federationOf } from "../../../src/platform/object-stubs.ts";
import { systemClock } from "../../../src/platform/system-clock.ts";

const URLS = ["https://a.example.com", "https://b.example.com"];
const NOW = 1_800_000_000_000;
const joined = (hub_id: string): Refusable<Joined> => ({
  ok: true,
  value: { hub_id, trust: "approved", there: "approved" },
});
const refused = (status: 400 | 409): Refusable<Joined> => ({ ok: false, error: { status, words: "no" } });

let answers: Record<string, Refusable<Joined>>;
let asked: string[];
let known: Set<string>;

beforeEach(() => {
  [answers, asked, known] = [{}, [], new Set()];
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Each call of `work` gets what a new object would have, after an eviction. */
function evicted<T>(work: (peers: () => ConfiguredPeers) => Promise<T>): Promise<T> {
  return runInDurableObject(federationOf(env as never), async (_, { storage }) => {
    for (const url of URLS) await storage.delete(`joined:${url}`);
    return await work(
      () =>
        new ConfiguredPeers(storage, URLS, {
          clock: systemClock,
          join: async (url) => {
            asked.push(url);
            return answers[url] ?? refused(400);
          },
          isKnown: async (hubId) => known.has(hubId),
        }),
    );
  });
}

it("a hub that was joined is not asked again, also after an eviction, until it leaves", () =>
  evicted(async (peers) => {
    answers = { [URLS[0] as string]: joined("hub-a"), [URLS[1] as string]: joined("hub-b") };
    known = new Set(["hub-a", "hub-b"]);
    expect(await peers().joinAll()).toBe(null);
    expect(await peers().joinAll()).toBe(null);
    expect(asked).toEqual(URLS);
    known.delete("hub-b");
    expect(await peers().joinAll()).toBe(null);
    expect(asked).toEqual([...URLS, URLS[1]]);
  }));

it("one that can't be joined is tried after 1, 2, 4 … s, at most a minute apart, and holds up no other", () =>
  evicted(async (peers) => {
    answers = { [URLS[1] as string]: joined("hub-b") };
    known = new Set(["hub-b"]);
    const same = peers();
    for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
      expect(await same.joinAll()).toBe(Date.now() + seconds * 1_000);
      expect(await same.joinAll()).toBe(Date.now() + seconds * 1_000); // too early, so nobody is asked
      vi.setSystemTime(Date.now() + seconds * 1_000);
    }
    expect(asked.filter((url) => url === URLS[0])).toHaveLength(8);
    expect(asked.filter((url) => url === URLS[1])).toHaveLength(1);
  }));

it("a hub that was removed here, or that is this one, is not asked again", () =>
  evicted(async (peers) => {
    answers = { [URLS[0] as string]: refused(409), [URLS[1] as string]: refused(409) };
    expect(await peers().joinAll()).toBe(null);
    expect(await peers().joinAll()).toBe(null);
    expect(asked).toEqual(URLS);
  }));
