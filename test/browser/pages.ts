/** Every page, whoever looks at it and whatever a service says: readable, operable, harmless. */
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NEVER_SLOW } from "../core/fixtures.ts";
import type { HubProcess } from "../processes/hub-process.ts";
import { goTo, signIn, type Visitor, violations, visit } from "./browser.ts";
import { EVIL, emptyStage } from "./stage.ts";
import { startTarget, type Target } from "./targets.ts";

let hub: HubProcess;
let browser: Browser;
let visitor: Visitor;
let target: Target;
let web: number;
let worker: number;
let pages: readonly string[];
/** The same in each run, for the names of screenshots. */
const shotName = (path: string) => `${pages.indexOf(path)}${path.replaceAll(/[/?=]/g, "-")}`;

const HEARTBEAT = { health_method: "heartbeat", health_options: {} };
const put = async (name: string, body: object) => {
  const response = await hub.fetch(`/api/projects/shop/services/${name}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      health_method: "http",
      health_interval: 3_600,
      health_retries: 0,
      health_options: NEVER_SLOW,
      ...body,
    }),
  });
  expect(response.status, await response.clone().text()).toBe(201);
  const { id }: { id: number } = await response.json();
  return id;
};
const post = (path: string, body?: object) => {
  const headers = { "content-type": "application/json" };
  return hub.fetch(path, { method: "POST", headers, ...(body && { body: JSON.stringify(body) }) });
};

/** A service that is up and says evil things of itself, one that is down with an evil reason, one that is disabled. */
beforeAll(async () => {
  ({ hub, browser } = await emptyStage());
  target = await startTarget(() => true, JSON.stringify({ status: "pass", version: EVIL, [EVIL]: EVIL }));
  const evil = { tags: [EVIL], capabilities: [EVIL], metadata: { [EVIL]: EVIL }, container_id: EVIL };
  web = await put("web", { health_url: target.url, depends_on: ["worker", "gone"], ...evil });
  worker = await put("worker", { ...HEARTBEAT, depends_on: ["loop"] });
  await put("loop", { ...HEARTBEAT, depends_on: ["worker"], enabled: false });
  await post(`/api/services/${web}/check`);
  await post(`/api/services/${worker}/heartbeat`, { status: "pass" });
  await post(`/api/services/${worker}/heartbeat`, { status: "fail", details: { output: EVIL, [EVIL]: EVIL } });
  await post("/api/keys", { name: EVIL, scope: "read" });
  const { projects }: { projects: { id: number }[] } = await (await hub.fetch("/api/projects")).json();
  pages = [
    ...["/", "/services", "/services?layout=grid", `/services/${web}`, `/services/${worker}`, "/dependencies"],
    ...["/projects", ...projects.map(({ id }) => `/projects/${id}`), "/federation", "/settings", "/nowhere"],
  ];
  visitor = await visit(browser, hub.url);
  await signIn(visitor.page, hub.token);
});
afterAll(async () => {
  await visitor?.close();
  await target?.down();
});

// Of the rules, only the one about contrast can tell the themes apart.
describe.each([
  { colorScheme: "light", rules: undefined },
  { colorScheme: "dark", rules: ["color-contrast"] },
] as const)("in the $colorScheme theme", ({ colorScheme, rules }) => {
  const check = async (page: Page) => await violations(page, rules && [...rules]);

  test("no page breaks a rule of accessibility, and nothing that is said on it becomes markup", async () => {
    const { page } = visitor;
    await page.emulateMedia({ colorScheme });
    for (const path of pages) {
      await goTo(page, path);
      await visitor.screenshot(`${colorScheme}-${shotName(path)}`);
      expect(await check(page), path).toEqual([]);
      expect(await page.evaluate(() => "harmed" in globalThis)).toBe(false);
      expect(await page.locator("img[src=x]").count()).toBe(0);
    }
  });

  test("neither does the sign-in, a form or the help", async () => {
    const stranger = await visit(browser, hub.url, { colorScheme });
    const { page } = stranger;
    await page.getByRole("heading", { level: 1 }).waitFor();
    expect(await check(page)).toEqual([]);
    await signIn(page, hub.token);
    await page.goto(`${hub.url}/services`);
    await page.getByRole("button", { name: "Add a service" }).first().click(); // an empty list has another one
    await page.getByRole("dialog").waitFor();
    expect(await check(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.getByRole("dialog").getByText("Search services").waitFor();
    expect(await check(page)).toEqual([]);
    await stranger.close();
  });
});

test("to a key that is limited to projects, no page offers what the hub would refuse it", async () => {
  const body = { name: "of the shop", scope: "admin", projects: ["shop"] };
  const { key }: { key: string } = await (await post("/api/keys", body)).json();
  const limited = await visit(browser, hub.url);
  const { page } = limited;
  const refused: string[] = [];
  page.on("response", (response) => void (response.status() === 403 && refused.push(response.url())));
  await signIn(page, key);
  const offers = (name: string | RegExp) => page.getByRole("button", { name }).count();
  for (const path of pages) {
    await goTo(page, path);
    await limited.screenshot(`limited-${shotName(path)}`);
    expect(await violations(page), path).toEqual([]);
    expect(await offers(/New project|Create a key|Set up|Join/), path).toBe(0);
  }
  await goTo(page, "/services");
  await page.getByRole("button", { name: "Add a service" }).first().click();
  const form = page.getByRole("dialog");
  await form.getByText("One of those that your key opens").waitFor();
  expect(refused).toEqual([]);
  await form.getByLabel("Project").fill("elsewhere");
  await form.getByLabel("Name").fill("site");
  await form
    .getByLabel(/URL|Target/)
    .first()
    .fill(target.url);
  await form.getByRole("button", { name: "Add and check it" }).click();
  await form.getByText("the key is limited to projects, and this is none of them").waitFor();
  await limited.screenshot("limited-refused");
  await limited.close();
});

test("what services, hubs and people say is shown as it was said", async () => {
  const { page } = visitor;
  await page.goto(`${hub.url}/services/${worker}`);
  await page.getByText(`heartbeat: ${EVIL}`).first().waitFor();
  await page.goto(`${hub.url}/services/${web}`);
  await page.getByText(`version ${EVIL}`).waitFor();
  await page.goto(`${hub.url}/settings`);
  await page.getByRole("button", { name: `Revoke ${EVIL}` }).waitFor();
});

test("every page fits a width of 360 px", async () => {
  const small = await visit(browser, hub.url, { viewport: { width: 360, height: 740 } });
  await signIn(small.page, hub.token);
  for (const path of pages) {
    await goTo(small.page, path);
    const wider = await small.page.evaluate(() => {
      const boxes = [document.documentElement, ...document.querySelectorAll("main")];
      return boxes.some((box) => box.scrollWidth > box.clientWidth);
    });
    expect(wider, path).toBe(false);
    await small.screenshot(`phone-${shotName(path)}`);
  }
  await small.close();
});

test("everything works by keyboard alone", async () => {
  const { page, close } = await visit(browser, hub.url);
  const { keyboard } = page;
  const focus = async (name: string | RegExp) => {
    for (let presses = 0; presses < 60; presses += 1) {
      const label = await page.evaluate(() => {
        const { activeElement: at } = document;
        const labelled = at instanceof HTMLInputElement ? at.labels?.[0]?.textContent : null;
        return labelled ?? at?.getAttribute("aria-label") ?? at?.textContent ?? "";
      });
      if (typeof name === "string" ? label === name : name.test(label)) return;
      await keyboard.press("Tab");
    }
    throw new Error(`the keyboard does not get to ${name}`);
  };
  await page.getByLabel("Key or admin token").waitFor();
  await focus("Key or admin token");
  await keyboard.type(hub.token);
  await keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  await keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await keyboard.press("/");
  await page.getByRole("heading", { level: 1, name: "Services" }).waitFor();
  await keyboard.type("w");
  await page.getByText("2 of 3 services").waitFor();
  await keyboard.press("Escape");
  for (const key of ["j", "j", "k", "j"]) await keyboard.press(key);
  await keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "web" }).waitFor();
  await focus("Check now");
  await keyboard.press("Enter");
  await page.getByText(/Up: passed in/).waitFor();
  await keyboard.press("g");
  await keyboard.press("p");
  await page.getByRole("heading", { level: 1, name: "Projects" }).waitFor();
  await focus("New project");
  await keyboard.press("Enter");
  await page.getByRole("dialog", { name: "New project" }).waitFor();
  await focus("Name");
  await keyboard.type("typed");
  await keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "typed" }).waitFor();
  await focus("Delete");
  await keyboard.press("Enter");
  await focus("Delete it with its services");
  await keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Projects" }).waitFor();
  await close();
});

test("a connection that breaks is taken up where it was, and what happened meanwhile is there", async () => {
  const { page, close } = await visit(browser, hub.url);
  const opened: string[] = [];
  let cut = async () => {};
  await page.routeWebSocket(/\/ws\/health/, (socket) => {
    opened.push(new URL(socket.url()).search);
    socket.connectToServer();
    cut = () => socket.close({ code: 1012 });
  });
  await signIn(page, hub.token);
  await page.getByText("worker is down.").waitFor();
  await post(`/api/services/${worker}/heartbeat`, { status: "warn", details: { output: "half a minute behind" } });
  await page.getByText("half a minute behind").first().waitFor();
  await cut();
  await post(`/api/services/${worker}/heartbeat`, { status: "pass" });
  await page.getByText("All 2 services are up.").waitFor();
  expect(opened).toEqual(["", expect.stringMatching(/^\?since=\d+$/)]);
  await close();
});

test("a page may not run what is written into it, and asks nobody but the hub", async () => {
  const response = await fetch(`${hub.url}/services/7`);
  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).toMatch(/default-src 'none'; script-src 'self';/);
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  expect(policy).toContain("frame-ancestors 'none'");
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(response.headers.get("referrer-policy")).toBe("no-referrer");
  const refused = await visitor.page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "globalThis.harmed = true";
    document.head.append(script);
    return !("harmed" in globalThis);
  });
  expect(refused).toBe(true);
});

test("the first page needs at most 150 KB of JavaScript, and neither charts, the graph nor the editor", async () => {
  const { page, close } = await visit(browser, hub.url);
  await signIn(page, hub.token);
  const loaded = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
  const scripts = loaded.filter((name) => name.endsWith(".js"));
  expect(scripts.join(" ")).toMatch(/index-/);
  expect(scripts.join(" ")).not.toMatch(/charts|graph|editor|definition/);
  const sizes = scripts.map(async (name) => gzipSync(await (await fetch(name)).text()).length);
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  expect(bytes).toBeGreaterThan(20_000);
  expect(bytes).toBeLessThan(150 * 1_024);
  await close();
});

test("nothing was complained of, but the script that was refused", () => {
  const expected = /Content Security Policy/;
  expect(visitor.complaints.filter((complaint) => !expected.test(complaint))).toEqual([]);
});
