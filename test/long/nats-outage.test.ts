/** The relay or the core is away for seconds while the hub is killed twice. */
import type { NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { connectCore, natsHealth, natsVars } from "../processes/nats-hub.ts";
import { runOutage } from "../processes/nats-outage.ts";
import { type NatsPair, startNatsPair } from "../servers/nats.ts";
import { until } from "../until.ts";

const HUB = "hub-nats";
let nats: NatsPair;
let hub: HubProcess;
let core: NatsConnection;

beforeAll(async () => {
  nats = await startNatsPair({ hub_id: HUB });
  await nats.setUp();
  core = await connectCore(nats.core_url);
  hub = await startHub({ vars: natsVars(HUB, nats.relay_url), args: ["--quiet"] });
});
afterAll(async () => {
  await hub?.remove();
  await core?.close();
  await nats?.stop();
});

/** `npm run bench` has the server away for a minute. */
test.each([
  ["relay", /can't reach the relay at ws:/],
  ["core", /no JetStream answers/],
] as const)(
  "loses and doubles nothing when the %s is away and the hub is killed meanwhile, and says what is wrong",
  async (away, reason) => {
    const report = await runOutage({ hub, hub_id: HUB, nats, core, away, lasts: 8_000, patience: 90_000 });
    expect(report).toMatchObject({ expected: 550, lost: [], doubled: [], disordered: [] });
    expect(report.reason).toMatch(reason);
    await until(async () =>
      expect(await natsHealth(hub)).toMatchObject({ status: "pass", outbox: { observedValue: 0 } }),
    );
  },
);
