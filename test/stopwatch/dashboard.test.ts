/** How soon the dashboard shows what the hub knows. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { goTo, openChromium, signIn, type Visitor, visit } from "../browser/browser.ts";
import { startTarget, type Target } from "../browser/targets.ts";
import { NEVER_SLOW } from "../core/fixtures.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { until } from "../until.ts";

const FLIP_LIMIT_MS = 1_000;
const BARS_LIMIT_MS = 2_000;
const SERVICES = 8;
const CHECKS = 5;

let hub: HubProcess;
let browser: Browser;
let visitor: Visitor;
let target: Target;
const ids: number[] = [];

beforeAll(async () => {
  [hub, browser, target] = await Promise.all([startHub(), openChromium(), startTarget()]);
  for (let count = 0; count < SERVICES; count++) ids.push(await register(`service-${count}`));
  for (let done = 0; done < CHECKS; done++) await Promise.all(ids.map(checkNow));
  await until(async () => expect(Math.min(...(await recorded()))).toBeGreaterThanOrEqual(CHECKS));
  visitor = await visit(browser, hub.url);
  await signIn(visitor.page, hub.token);
  await visitor.page.getByText("Live", { exact: true }).first().waitFor();
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([hub?.remove(), target?.down()]);
});

async function register(name: string): Promise<number> {
  const response = await hub.fetch(`/api/projects/shop/services/${name}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      health_method: "http",
      health_url: target.url,
      health_retries: 0,
      health_options: NEVER_SLOW,
      health_interval: 3_600 + ids.length, // a lane of its own
    }),
  });
  expect(response.status).toBe(201);
  const { id }: { id: number } = await response.json();
  return id;
}

/** Returns when the hub saw the newest flip, Unix ms. */
async function checkNow(id: number): Promise<number> {
  const response = await hub.fetch(`/api/services/${id}/check`, { method: "POST" });
  const { flips }: { flips: { at: string }[] } = await response.json();
  return Date.parse(flips[0]?.at ?? "");
}

async function recorded(): Promise<number[]> {
  const response = await hub.fetch(`/api/latest-checks?ids=${ids}`);
  const { services }: { services: { checks: unknown[] }[] } = await response.json();
  return services.map(({ checks }) => checks.length);
}

test("the list has the bars of each service within two seconds of its rows", async () => {
  const { page } = visitor;
  await goTo(page, "/services");
  await page.getByRole("link", { name: /^service-7/ }).waitFor();
  const began = Date.now();
  await page
    .getByRole("img", { name: /^last \d+ checks/ })
    .nth(SERVICES - 1)
    .waitFor();
  expect(Date.now() - began).toBeLessThan(BARS_LIMIT_MS);
});

test("an outage is on the screen within a second", async () => {
  const { page } = visitor;
  await goTo(page, "/");
  await page.getByText(`All ${SERVICES} services are up.`).waitFor();
  const seen = page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const look = () => document.body.textContent?.includes("service-0 is down.") && resolve(Date.now());
        new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
      }),
  );
  await target.down();
  const [at, shown] = await Promise.all([checkNow(ids[0] ?? 0), seen]);
  expect(shown - at).toBeLessThan(FLIP_LIMIT_MS);
});
