import { expect, test, vi } from "vitest";
import { hubFetch } from "../../src/federation/hub-fetch.ts";
import { internetFetch } from "../../src/platform/services.ts";

const request = { method: "GET", url: "https://hub.example.com/x", maxBytes: 100, timeoutMs: 1_000 } as const;

test("another hub is asked through the network that reaches public addresses only, where there is one", async () => {
  const everything = vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response("by the machine's network"));
  const INTERNET = { fetch: vi.fn(async () => new Response("by the public network")) };
  const ask = (env: object) => hubFetch({ ...request, allowPrivate: false, fetch: internetFetch(env) });
  expect(await ask({ INTERNET })).toMatchObject({ text: "by the public network" });
  expect(everything).not.toHaveBeenCalled();
  expect(await ask({ INTERNET: "a var of this name" })).toMatchObject({ text: "by the machine's network" });
  everything.mockRestore();
});
