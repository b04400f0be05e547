/** The dashboard in a real Chromium, watched for errors and for requests that leave the hub. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** Where screenshots go when somebody sets SCREENSHOTS to look at them. */
const SHOTS = fileURLToPath(new URL("../../dist/screenshots/", import.meta.url));
/** Chromium without all that a window needs. */
const HEADLESS = "/usr/bin/chromium-headless-shell";
const ACTION_LIMIT_MS = 90_000;

export interface Visitor {
  page: Page;
  /** Everything that should not have happened: console errors, uncaught ones, refused scripts, requests to other hosts. */
  readonly complaints: readonly string[];
  screenshot(name: string): Promise<void>;
  close(): Promise<void>;
}

export function openChromium(args: readonly string[] = []): Promise<Browser> {
  // Tests run as root in containers, where Chromium's own sandbox can't be set up.
  return chromium.launch({ executablePath: HEADLESS, args: ["--no-sandbox", "--disable-gpu", ...args] });
}

/** A browser without a past, on the hub's first page. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visitor> {
  // What moves is painted sixty times a second, without a graphics card.
  const context = await browser.newContext({
    viewport: { width: 1_280, height: 860 },
    reducedMotion: "reduce",
    ...options,
  });
  context.setDefaultTimeout(ACTION_LIMIT_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning")
      complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.message}`));
  const { host } = new URL(url);
  context.on("request", (request) => {
    const to = new URL(request.url());
    if (to.host !== host && to.protocol !== "data:") complaints.push(`left the hub: ${request.url()}`);
  });
  await page.goto(url);
  return {
    page,
    complaints,
    screenshot: async (name) => {
      if (process.env.SCREENSHOTS === undefined) return;
      mkdirSync(SHOTS, { recursive: true });
      await page.screenshot({ path: `${SHOTS}${name}.png` });
    },
    close: () => context.close(),
  };
}

export async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Key or admin token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
}

/** Without loading the dashboard anew. */
export async function goTo(page: Page, path: string): Promise<void> {
  await page.evaluate((to) => history.pushState(null, "", to), path);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.locator("[role=status] > .sr-only", { hasText: "Loading" }).first().waitFor({ state: "detached" });
}

/** What breaks a rule of accessibility. `rules`: only these. */
export async function violations(page: Page, rules?: string[]): Promise<string[]> {
  // The pages have no frames, for which it would open a page of its own each time, and nobody reads what passed.
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] });
  const { violations: found } = await (rules === undefined ? axe : axe.withRules(rules)).analyze();
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id} ${node.html.slice(0, 160)}`));
}
