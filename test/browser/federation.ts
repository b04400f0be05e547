/** The federation page with a hub that really answers, and then does not. */
import type { Browser } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import type { HubProcess } from "../processes/hub-process.ts";
import { startRogueHub } from "../processes/rogue-hub.ts";
import { goTo, signIn, violations, visit } from "./browser.ts";
import { emptyStage } from "./stage.ts";

/** Not what the hub itself is called. */
const EVIL = `<img src=x onerror="globalThis.harmed=1"><b>far and evil</b>`;

let hub: HubProcess;
let browser: Browser;
beforeAll(async () => {
  ({ hub, browser } = await emptyStage());
});

test("a hub that asks is approved and its services are shown, as text, with how fresh the news is", async () => {
  const rogue = await startRogueHub("hub-far");
  rogue.document = { ...rogue.document, name: EVIL, region: EVIL };
  const described = {
    version: EVIL,
    address: EVIL,
    port: 1,
    tags: [EVIL],
    capabilities: [],
    metadata: {},
    depends_on: [],
  };
  const state = { status: "down", status_since: new Date().toISOString(), flip_seq: 1, latency_ms: null };
  const service = { id: 1, project: "far", name: "lost", type: "api", ...described, ...state };
  const page = {
    full: true,
    services: [service],
    deleted: [],
    hubs: [],
    next: null,
    mark: "m",
    epoch: "e",
    revision: 1,
  };
  rogue.sync = (request, response) => rogue.answer(request, response, { hub_id: "hub-far", ...page });
  const { page: tab, close, screenshot } = await visit(browser, hub.url);
  try {
    await signIn(tab, hub.token);
    await goTo(tab, "/federation");
    await tab.getByText("This hub is alone").waitFor();
    await tab.getByLabel("Join the hub at").fill("http://127.0.0.1:9");
    await tab.getByRole("button", { name: "Join" }).click();
    await tab.getByText("it can't be reached").waitFor();
    expect(await (await rogue.register(hub.url)).json()).toMatchObject({ trust: "pending" });
    await tab.getByText("Waits for approval").waitFor();
    await tab.getByRole("button", { name: "Approve hub-far" }).click();
    await tab.getByText("far at hub-far").waitFor();
    await tab.getByText(EVIL, { exact: true }).first().waitFor();
    await screenshot("federation");
    rogue.sync = (_request, response) => void response.writeHead(500).end(JSON.stringify({ detail: EVIL }));
    await tab.getByText(/^It answers 500/).waitFor();
    await tab
      .getByText(/^stale/)
      .first()
      .waitFor();
    await tab.getByText(/^Was /).first().waitFor();
    expect(await violations(tab)).toEqual([]);
    await screenshot("federation-stale");
    expect(await tab.evaluate(() => "harmed" in globalThis)).toBe(false);
    await tab.getByRole("button", { name: "Remove hub-far" }).click();
    await tab.getByRole("button", { name: "Remove it" }).click();
    await tab.getByText("This hub is alone").waitFor();
  } finally {
    await close();
    await rogue.stop();
  }
});
