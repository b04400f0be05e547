/** The documentation of the API, for anybody who looks at it. */
import type { Browser } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import type { HubProcess } from "../processes/hub-process.ts";
import { violations, visit } from "./browser.ts";
import { emptyStage } from "./stage.ts";

let hub: HubProcess;
let browser: Browser;
beforeAll(async () => {
  ({ hub, browser } = await emptyStage());
});

test.each(["light", "dark"] as const)("breaks no rule of accessibility (%s)", async (colorScheme) => {
  const { page, close, complaints } = await visit(browser, `${hub.url}/docs#applyManifest`, { colorScheme });
  await page.locator("#applyManifest").getByText("ServiceInput").first().waitFor();
  expect(await violations(page)).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});

test("leads to an operation, finds others, and leads back", async () => {
  const { page, close } = await visit(browser, `${hub.url}/docs#listServices`);
  const target = page.locator("#listServices");
  await target.getByRole("heading", { name: "Parameters" }).waitFor();
  expect(
    await target
      .locator("summary")
      .first()
      .evaluate((element) => element === document.activeElement),
  ).toBe(true);
  await page.getByLabel("Search operations").fill("manifest put");
  await page.getByText("1 operation", { exact: true }).waitFor();
  await page.locator("#applyManifest > summary").press("Enter");
  await page.getByRole("button", { name: "Copy the command for applyManifest" }).waitFor();
  await page.getByRole("link", { name: "To the dashboard" }).click();
  await page.getByLabel("Key or admin token").waitFor();
  await close();
});

test("fits a narrow window", async () => {
  const { page, close } = await visit(browser, `${hub.url}/docs`, { viewport: { width: 360, height: 640 } });
  await page.getByRole("heading", { name: "/metrics" }).waitFor();
  await page.evaluate(() => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
  await page.locator("#getMetrics").getByRole("heading", { name: "Responses" }).waitFor();
  const surplus = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
  expect(surplus).toBe(0);
  await close();
});
