import { expect, it } from "vitest";
import type { Bindings } from "../../src/platform/bindings.ts";
import {
  boardOf,
  bridgeOf,
  federationOf,
  laneMonitorOf,
  peerLinkOf,
  proberOf,
} from "../../src/platform/object-stubs.ts";

/** Every namespace notes where its objects are to begin. */
function envIn(region: string | undefined) {
  const hints: (string | undefined)[] = [];
  const namespace = {
    idFromName: (name: string) => name,
    get: (_id: string, options?: { locationHint?: string }) => void hints.push(options?.locationHint),
  };
  const names = ["LANE_MONITOR", "LIVE_BOARD", "PROBER", "NATS_BRIDGE", "FEDERATION", "PEER_LINK"];
  const env = { ...Object.fromEntries(names.map((name) => [name, namespace])), HUB_REGION: region };
  return { hints, env: env as unknown as Bindings }; // as far as it is used
}

function useAll(env: Bindings): void {
  boardOf(env);
  bridgeOf(env);
  federationOf(env);
  laneMonitorOf(env, 1);
  peerLinkOf(env, "hub-eu");
  proberOf(env, "agent:dc-1");
}

it("every object begins in the hub's region, whoever uses it first", () => {
  const { hints, env } = envIn("eu-west-1");
  useAll(env);
  expect(hints).toEqual(["weur", "weur", "weur", "weur", "weur", "weur"]);
});

it.each([undefined, "basement", ""])("a hub in %s leaves the place to Cloudflare", (region) => {
  const { hints, env } = envIn(region);
  useAll(env);
  expect(new Set(hints)).toEqual(new Set([undefined]));
});

it("a vantage is where it says, not where the hub is", () => {
  const { hints, env } = envIn("weur");
  proberOf(env, "apac");
  expect(hints).toEqual(["apac"]);
});
