import { describe, expect, it } from "vitest";
import type { Peer } from "../../src/dashboard/api/federation-queries.ts";
import { elsewhere, hubsWithDown } from "../../src/dashboard/model/elsewhere.ts";
import { tabMark } from "../../src/dashboard/model/tab-mark.ts";
import { aRow, iso, NOW } from "./rows.ts";

const peer = (hub_id: string, over: Partial<Peer> = {}): Peer => ({
  hub_id,
  name: null,
  url: null,
  region: null,
  version: null,
  source: "registered",
  capabilities: [],
  service_count: 4,
  latency_ms: 1,
  error: null,
  status: "up",
  status_since: iso(NOW),
  overall_status: "healthy",
  last_seen: iso(NOW),
  lag_seconds: 0,
  freshness: "live",
  key: null,
  ...over,
});

describe("the line about other hubs", () => {
  it("is absent where no other hub is known, or all of them wait for approval", () => {
    expect(elsewhere([], [])).toBeNull();
    expect(elsewhere([peer("b", { status: "pending" })], [])).toBeNull();
  });

  it("says that all is well in one sentence", () => {
    expect(elsewhere([peer("b"), peer("c")], [])).toEqual({
      status: "up",
      down: 0,
      sentence: "Elsewhere, at b and c: all 8 services are up.",
    });
  });

  it("names what is down, and where", () => {
    const peers = [peer("b", { overall_status: "unhealthy" }), peer("c", { overall_status: "degraded" })];
    expect(hubsWithDown(peers)).toEqual(["b"]);
    const found = elsewhere(peers, [{ hub_id: "b", names: ["search"], count: 1 }]);
    expect(found).toEqual({
      status: "down",
      down: 1,
      sentence: "Elsewhere: search of b is down; c: something is degraded.",
    });
    expect(tabMark([aRow()], found?.down).words).toBe("1 down elsewhere");
  });

  it("says where something is down also before it is known what", () => {
    expect(elsewhere([peer("b", { overall_status: "unhealthy" })], [])).toMatchObject({
      status: "down",
      sentence: "Elsewhere: something is down at b.",
    });
  });

  it("does not take the last word of a hub that is silent for how it is now", () => {
    const silent = peer("b", { freshness: "stale", overall_status: "unhealthy" });
    expect(hubsWithDown([silent])).toEqual([]);
    expect(elsewhere([silent], [])).toMatchObject({ status: "unknown", sentence: "Elsewhere: nothing is heard of b." });
  });
});
