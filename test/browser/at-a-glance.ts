/**
 * An outage of three levels, as a person sees it who opens the dashboard: what broke, since when, what it took along and
 * how the last checks looked, without a click. PICTURES=1 makes the pictures of docs/ anew.
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NEVER_SLOW } from "../core/fixtures.ts";
import type { HubProcess } from "../processes/hub-process.ts";
import { until } from "../until.ts";
import { goTo, signIn, type Visitor, violations, visit } from "./browser.ts";
import { emptyStage } from "./stage.ts";
import { startTarget, type Target } from "./targets.ts";

const PICTURES = fileURLToPath(new URL("../../docs/pictures/", import.meta.url));
const PICTURE = { width: 1_300, height: 560 };
/** As many checks as there are bars. */
const CHECKS = 40;
/** The outage begins before the last so many checks. */
const BAD_CHECKS = 6;

interface Service {
  project: string;
  name: string;
  type: string;
  needs: string[];
  /** Milliseconds that it takes to answer. */
  slow: number;
}
const SERVICES: readonly Service[] = [
  { project: "shop", name: "orders-db", type: "database", needs: [], slow: 4 },
  { project: "shop", name: "orders-api", type: "api", needs: ["orders-db"], slow: 18 },
  { project: "shop", name: "checkout", type: "web", needs: ["orders-api", "platform/auth"], slow: 30 },
  { project: "shop", name: "catalog", type: "api", needs: ["platform/search"], slow: 22 },
  { project: "shop", name: "cart", type: "cache", needs: [], slow: 3 },
  { project: "platform", name: "auth", type: "api", needs: [], slow: 12 },
  { project: "platform", name: "search", type: "worker", needs: [], slow: 40 },
  { project: "platform", name: "mail", type: "queue", needs: [], slow: 9 },
];
const VICTIMS = ["orders-api", "checkout"];

let hub: HubProcess;
let browser: Browser;
const targets: Target[] = [];
const ids = new Map<string, number>();
let isBroken = false;

beforeAll(async () => {
  ({ hub, browser } = await emptyStage());
  for (const service of SERVICES) await register(service);
  for (let done = 0; done < CHECKS - BAD_CHECKS; done++) await checkAll();
  await targets[0]?.down();
  isBroken = true;
  for (let done = 0; done < BAD_CHECKS; done++) await checkAll();
  await until(async () => expect(Math.min(...(await recorded()))).toBeGreaterThanOrEqual(CHECKS));
});
afterAll(async () => {
  await Promise.all(targets.map((target) => target.down()));
});

async function register({ project, name, type, needs, slow }: Service): Promise<void> {
  const noise = () => slow * (0.7 + Math.random() * 0.9);
  const target = await startTarget(() => !(isBroken && VICTIMS.includes(name)), undefined, noise);
  targets.push(target);
  const response = await hub.fetch(`/api/projects/${project}/services/${name}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      service_type: type,
      health_method: "http",
      health_url: target.url,
      depends_on: needs,
      // Each in a lane of its own: checks on demand have rounds of their own, which fill a shared one.
      ...{ health_interval: 300 + targets.length, health_timeout: 5, health_retries: 0 },
      health_options: NEVER_SLOW,
    }),
  });
  expect(response.status).toBe(201);
  const { id }: { id: number } = await response.json();
  ids.set(name, id);
}

async function checkAll(): Promise<void> {
  await Promise.all([...ids.values()].map((id) => hub.fetch(`/api/services/${id}/check`, { method: "POST" })));
}

async function recorded(): Promise<number[]> {
  const response = await hub.fetch(`/api/latest-checks?ids=${[...ids.values()]}`);
  const { services }: { services: { checks: unknown[] }[] } = await response.json();
  return services.map(({ checks }) => checks.length);
}

async function keepPicture({ page }: Visitor, name: string): Promise<void> {
  if (process.env.PICTURES === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  await page.setViewportSize(PICTURE);
  await page.screenshot({ path: `${PICTURES}${name}.png` });
  await page.setViewportSize({ width: 1_360, height: 860 });
}

const WIDE = { width: 1_360, height: 860 };
const NARROW = { width: 380, height: 800 };
const LOOKS = [
  { ...WIDE, colorScheme: "light" as const },
  { ...NARROW, colorScheme: "dark" as const },
];
/** Tests of every page in both themes are elsewhere; these are for who looks at the pictures. */
const OTHER_LOOKS = [
  { ...WIDE, colorScheme: "dark" as const },
  { ...NARROW, colorScheme: "light" as const },
];
const hasPictures = process.env.SCREENSHOTS !== undefined || process.env.PICTURES !== undefined;

describe.each(hasPictures ? [...LOOKS, ...OTHER_LOOKS] : LOOKS)(
  "at $width px, $colorScheme",
  ({ width, height, colorScheme }) => {
    let visitor: Visitor;
    const look = `${width}-${colorScheme}`;
    const isWide = width === WIDE.width; // other pages are looked at in both themes elsewhere
    beforeAll(async () => {
      visitor = await visit(browser, hub.url, { viewport: { width, height }, colorScheme });
      await signIn(visitor.page, hub.token);
    });
    afterAll(() => visitor?.close());

    test("the overview says the cause, since when and what it took along, and shows the last checks", async () => {
      const { page } = visitor;
      await page
        .getByText(
          /^orders-db has been down since (\d+ \w+, )?\d\d:\d\d; 2 services affected: (orders-api and checkout|checkout and orders-api)\.$/,
        )
        .waitFor();
      const outage = page.getByRole("region", { name: "Outage of orders-db" });
      await outage
        .getByRole("img", { name: /^last 40 checks: \d down, 3\d up/ })
        .nth(2)
        .waitFor();
      expect(await page.title()).toBe("3 down · Overview · CommandCenter Hub");
      if (isWide) expect(await violations(page)).toEqual([]);
      await visitor.screenshot(`glance-overview-${look}`);
      if (look === "1360-light") await keepPicture(visitor, "overview");
    });

    test("the list has the bars of each service", async () => {
      const { page } = visitor;
      await goTo(page, "/services");
      await page.getByRole("link", { name: /^mail/ }).waitFor();
      await page
        .getByRole("img", { name: /^last 40 checks/ })
        .nth(SERVICES.length - 1)
        .waitFor();
      if (isWide) expect(await violations(page)).toEqual([]);
      await visitor.screenshot(`glance-services-${look}`);
      if (look === "1360-dark") await keepPicture(visitor, "services");
    });

    test("where there is room, the list has a bar for each of the last 90 days, which says its uptime", async () => {
      if (!isWide) return;
      const { page } = visitor;
      await page.setViewportSize({ width: 1_600, height });
      const days = page.getByRole("img", { name: /^1 of 90 days are known; [01] without an outage$/ });
      await days.nth(SERVICES.length - 1).waitFor();
      await days.first().hover({ position: { x: 268, y: 10 } });
      await expect.poll(() => days.first().locator("title").textContent()).toMatch(/, so far: \d+.* % up$/);
      expect(await violations(page)).toEqual([]);
      await visitor.screenshot(`glance-days-${look}`);
      await page.setViewportSize({ width, height });
      await expect.poll(() => days.count()).toBe(0);
    });

    test("the page of a victim leads to the cause, and that of the cause to its victims", async () => {
      const { page } = visitor;
      await goTo(page, `/services/${ids.get("checkout")}`);
      await page.getByText("Down because of").getByRole("link", { name: "orders-db" }).click();
      const took = page.getByText(/^2 services affected: .*\.$/);
      await took.getByRole("link", { name: "checkout" }).waitFor();
      expect(await took.getByRole("link").count()).toBe(2);
      await page.getByRole("img", { name: /^Response time, newest:/ }).waitFor();
      await visitor.screenshot(`glance-service-${look}`);
    });

    test("pointing at the cause in the graph lights up the way to its victims, and a search leads to a neighbourhood", async () => {
      const { page } = visitor;
      await goTo(page, "/dependencies");
      await page.getByText("root cause", { exact: true }).waitFor();
      const dimmed = page.locator(".react-flow__node-service .opacity-25");
      await page.locator(".react-flow__node-service", { hasText: "orders-db" }).hover();
      await expect
        .poll(() => dimmed.allTextContents().then((all) => all.flatMap((text) => /^[a-z]+/.exec(text) ?? []).sort()))
        .toEqual(["auth", "catalog", "search"]);
      await visitor.screenshot(`glance-lit-${look}`);
      await page.mouse.move(1, 1);
      await expect.poll(() => dimmed.count()).toBe(0);
      if (isWide) expect(await violations(page)).toEqual([]);
      await visitor.screenshot(`glance-graph-${look}`);
      await page.getByLabel("Find services").fill("plat auth");
      await page.getByText("Found 1 service").waitFor();
      await page.getByRole("list", { name: "Found services" }).getByRole("link", { name: "auth platform" }).click();
      await page.getByRole("heading", { name: "Neighbourhood of auth" }).waitFor();
      await expect.poll(() => page.locator(".react-flow__node-service").count()).toBe(2);
      await visitor.screenshot(`glance-neighbourhood-${look}`);
      await page.getByLabel("Distance").selectOption("all");
      expect(visitor.complaints).toEqual([]);
    });

    test("a range of the past is picked by its times, or by dragging over a chart", async () => {
      const { page } = visitor;
      await goTo(page, `/services/${ids.get("orders-db")}`);
      await page.getByRole("button", { name: "Range" }).click();
      await page.getByLabel("From").waitFor();
      const chart = page.getByRole("img", { name: /^Response time, newest:/ });
      await chart.scrollIntoViewIfNeeded();
      const box = await chart.boundingBox();
      if (box === null) throw new Error("the chart has no place");
      const before = await page.getByLabel("From").inputValue();
      const y = box.y + box.height / 2;
      await page.mouse.move(box.x + box.width * 0.6, y);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.95, y, { steps: 5 });
      await page.mouse.up();
      await expect.poll(() => page.getByLabel("From").inputValue()).not.toBe(before);
      await page.getByText(/checks? in these \d+ min/).waitFor();
      expect(await page.getByText("now", { exact: true }).count()).toBe(0); // it ends before
      if (isWide) expect(await violations(page)).toEqual([]);
      await visitor.screenshot(`glance-range-${look}`);
      expect(visitor.complaints).toEqual([]);
    });
  },
);
