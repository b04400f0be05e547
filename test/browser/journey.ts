/** What a person does with a new hub, with real services that go down and up. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NEVER_SLOW } from "../core/fixtures.ts";
import type { HubProcess } from "../processes/hub-process.ts";
import { signIn, type Visitor, visit } from "./browser.ts";
import { startLink } from "./cuttable-link.ts";
import { emptyStage } from "./stage.ts";
import { startTarget, type Target } from "./targets.ts";

let hub: HubProcess;
let browser: Browser;
let visitor: Visitor;
let db: Target;
let api: Target;
let web: Target;
let dbIsUp = true;
/** Of db, api and web, in this order. */
const ids: number[] = [];
const idOf = (name: "db" | "api" | "web") => ids[["db", "api", "web"].indexOf(name)] ?? 0;

const put = async (project: string, name: string, body: object) => {
  const response = await hub.fetch(`/api/projects/${project}/services/${name}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      health_method: "http",
      health_interval: 5,
      health_timeout: 4,
      health_retries: 0,
      health_options: NEVER_SLOW,
      ...body,
    }),
  });
  expect(response.status).toBe(201);
  const { id }: { id: number } = await response.json();
  return id;
};
const checkNow = async (id: number) => {
  const response = await hub.fetch(`/api/services/${id}/check`, { method: "POST" });
  expect(response.status).toBe(200);
};

beforeAll(async () => {
  ({ hub, browser } = await emptyStage());
  [db, api, web] = await Promise.all([startTarget(), startTarget(() => dbIsUp), startTarget(() => dbIsUp)]);
  visitor = await visit(browser, hub.url);
});
afterAll(async () => {
  await visitor?.close();
  await Promise.all([db, api, web].map((target) => target?.down()));
});

test("a person gets in with a key only, which no script can read", async () => {
  const { page } = visitor;
  await page.getByLabel("Key or admin token").fill("hub_nobody");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("the key is not valid").waitFor();
  await visitor.screenshot("sign-in");
  await signIn(page, hub.token);
  expect(await page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage }))).not.toContain(hub.token);
  const [cookie] = await page.context().cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });
});

test("the first visit shows how a service is added, and the form adds one that turns up", async () => {
  const { page } = visitor;
  await page.getByRole("heading", { name: "Register your first service" }).waitFor();
  expect(await page.getByText("curl -X PUT").textContent()).toContain(`${hub.url}/api/projects/`);
  await visitor.screenshot("first-visit");
  await page.getByRole("button", { name: "Add a service" }).click();
  await page.getByLabel("Project").fill("Shop!");
  await page.getByLabel("Name").fill("db");
  await page.getByLabel("Target").fill(db.url);
  await page.getByLabel("Check every (s)").fill("5");
  await page.getByLabel("Timeout (s)").fill("2");
  await page.getByLabel("Forgiven failures").fill("0");
  await page.getByLabel("Expected status").fill("200, 300-399");
  await page.getByLabel("As JSON", { exact: true }).check();
  expect(await page.getByLabel("Options, as JSON").inputValue()).toContain('"300-399"');
  await page.getByLabel("As JSON", { exact: true }).uncheck();
  expect(await page.getByLabel("Expected status").inputValue()).toBe("200, 300-399");
  await visitor.screenshot("add-service-options");
  await page.getByRole("button", { name: "Add and check it" }).click();
  await page.getByText("expected 1 to 63 of a-z").first().waitFor();
  await visitor.screenshot("add-service");
  await page.getByLabel("Project").fill("shop");
  await page.getByRole("button", { name: "Add and check it" }).click();
  await page.getByRole("heading", { level: 1, name: "db" }).waitFor();
  await page.getByRole("button", { name: "Check now" }).click();
  await page.getByText("Up: passed in").waitFor();
  await page.getByText("check passed").first().waitFor();
  ids.push(Number(/\/services\/(\d+)$/.exec(new URL(page.url()).pathname)?.[1]));
});

test("an outage comes to the screen by itself, with its reason", async () => {
  const { page } = visitor;
  ids.push(await put("shop", "api", { health_url: api.url, depends_on: ["db"] }));
  ids.push(await put("shop", "web", { health_url: web.url, depends_on: ["api", "billing/ledger"] }));
  await Promise.all(ids.map(checkNow));
  await page.getByRole("link", { name: "Overview" }).click();
  await page.getByText("All 3 services are up.").waitFor();
  await visitor.screenshot("overview-up");
  await db.down();
  await checkNow(idOf("db"));
  await page
    .getByText(/^db (is|has been) down/)
    .first()
    .waitFor();
  dbIsUp = false;
  await Promise.all(ids.slice(1).map(checkNow));
  await page
    .getByText(/^db has been down since (\d+ \w+, )?\d\d:\d\d; 2 services affected: (api and web|web and api)\.$/)
    .waitFor();
  await page.getByRole("heading", { name: "db: 2 services affected" }).waitFor();
  await page
    .getByRole("img", { name: /^last \d+ checks: \d+ down/ })
    .first()
    .waitFor();
  expect(await page.title()).toBe("3 down · Overview · CommandCenter Hub");
  expect(await page.locator("link[rel=icon]").getAttribute("href")).toContain("data:image/svg+xml");
  await page.getByRole("heading", { name: "Needs attention" }).waitFor();
  await page.getByText("status 503").first().waitFor();
  await visitor.screenshot("overview-down");
});

test("the graph names the cause of an outage of three levels, and leads to its evidence", async () => {
  const { page } = visitor;
  await page.getByRole("link", { name: "Dependencies" }).click();
  const causes = page.getByRole("region", { name: "Causes" });
  await causes.getByText("and with it").waitFor();
  expect(await causes.textContent()).toMatch(/One root cause.*db is down, and with it (api and web|web and api)\./);
  await page.getByText("root cause", { exact: true }).waitFor();
  expect(await page.locator(".react-flow__node-service").count()).toBe(4);
  expect(await page.locator(".react-flow__edge").count()).toBe(3);
  await visitor.screenshot("dependencies");
  await causes.getByRole("link", { name: "db" }).click();
  await page.getByRole("heading", { level: 1, name: "db" }).waitFor();
  await page.locator("summary", { hasText: "Down" }).first().click();
  await page.getByText("from home").first().waitFor();
  await page.getByRole("img", { name: /^Response time, newest:/ }).waitFor();
  await visitor.screenshot("service-down");
  const spans = { "24h": "24 hours", "7d": "7 days", "30d": "30 days", "1h": "hour" };
  for (const [button, words] of Object.entries(spans)) {
    await page.getByRole("button", { name: button, exact: true }).click();
    await page.getByText(`checks in the last ${words}`).waitFor();
  }
});

test("what comes up again is up on the screen, and the list finds and sorts it", async () => {
  const { page } = visitor;
  await db.up();
  dbIsUp = true;
  await Promise.all(ids.map(checkNow));
  await page
    .getByRole("status")
    .getByText(/^Up for/)
    .waitFor();
  await page.getByRole("link", { name: "Services", exact: true }).click();
  await page.getByText("3 services").waitFor();
  await page.getByLabel("Search services").fill("a");
  await page.getByText("1 of 3 services").waitFor();
  expect(new URL(page.url()).search).toBe("?q=a");
  await page.getByLabel("Status").selectOption("down");
  await page.getByText("No service matches").waitFor();
  await page.getByRole("button", { name: "Show all services" }).click();
  await page.getByRole("button", { name: "grid" }).click();
  await visitor.screenshot("services-grid");
  await page.reload();
  expect(await page.getByRole("button", { name: "grid" }).getAttribute("aria-pressed")).toBe("true");
});

async function choose(page: Page, menu: string, item: string): Promise<void> {
  await page.getByRole("button", { name: menu, exact: true }).click();
  await page.getByRole("menuitem", { name: item, exact: true }).click();
}

test("a service is edited, disabled and deleted", async () => {
  const { page } = visitor;
  await page.goto(`${hub.url}/services/${idOf("web")}`);
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Target").fill("not a target");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("dialog").locator("[aria-invalid=true]").waitFor();
  await page.getByLabel("Target").fill(web.url);
  await page.getByLabel("Tags").fill("edge");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("edge", { exact: true }).waitFor();
  await choose(page, "More actions", "Duplicate");
  await page.getByRole("dialog").getByRole("button", { name: "Add and check it" }).click();
  await page.getByRole("heading", { level: 1, name: "web-copy" }).waitFor();
  await page.getByText("edge", { exact: true }).waitFor();
  await choose(page, "More actions", "Delete");
  await page.getByRole("button", { name: "Delete it" }).click();
  await page.getByText("3 services").waitFor();
  await page.goto(`${hub.url}/services/${idOf("web")}`);
  await choose(page, "More actions", "Disable");
  await page.getByText("disabled").first().waitFor();
  await choose(page, "More actions", "Enable");
  await page.getByText("It is checked again.").waitFor();
  await choose(page, "Pause", "4 hours");
  await page.getByText("It is not checked for 4 h.").waitFor();
  await page.getByText(/^paused until (\d+ \w+, )?\d\d:\d\d$/).waitFor();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByText("It is checked again.").waitFor();
  await choose(page, "More actions", "Delete");
  await page.getByRole("button", { name: "Cancel" }).click();
  await choose(page, "More actions", "Delete");
  await page.getByRole("button", { name: "Delete it" }).click();
  await page.getByText("2 services").waitFor();
});

test("several services are paused, tagged and deleted at once, and each step is taken back", async () => {
  const { page } = visitor;
  await page.goto(`${hub.url}/services`);
  await page.getByRole("button", { name: "Select" }).click();
  await page.getByRole("button", { name: "Select all 2" }).click();
  await page.getByLabel("Tag to add").fill("both");
  await page.getByRole("button", { name: "Add the tag" }).click();
  await page.getByText("2 services tagged both.").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("2 services as before.").waitFor();
  await page.getByRole("button", { name: "Pause for an hour" }).click();
  await page.getByText("2 services paused for an hour.").waitFor();
  await page.getByRole("listitem").filter({ hasText: "paused" }).nth(1).waitFor();
  await visitor.screenshot("services-selected");
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("2 services checked again.").waitFor();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByText("2 services will be deleted in 10 s.").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Nothing was deleted.").waitFor();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByText("2 services", { exact: true }).waitFor();
});

test("a manifest is shown as a plan before it is applied, and a project stops and starts", async () => {
  const { page } = visitor;
  await page.getByRole("link", { name: "Projects" }).click();
  await page.getByRole("link", { name: /^shop/ }).click();
  const manifest = page.getByLabel("Manifest, YAML");
  await manifest.waitFor();
  const text = (await manifest.locator(".cm-line").allTextContents()).join("\n");
  const write = async (written: string) => {
    await manifest.press("Control+a");
    await page.keyboard.insertText(written);
  };
  await write(`${text}  - name: extra\n    health_method: carrier-pigeon\n`);
  await page.getByRole("button", { name: "Preview the changes" }).click();
  await page.getByText("services[2].health_method").waitFor();
  expect(await page.locator(".cm-lintRange-error").textContent()).toBe("carrier-pigeon");
  await visitor.screenshot("manifest-refused");
  const slower = text.replace("health_interval: 5", "health_interval: 10");
  await write(`${slower}  - name: beat\n    health_method: heartbeat\n`);
  await page.getByRole("button", { name: "Preview the changes" }).click();
  const plan = page.getByRole("region", { name: "Plan" });
  await plan.getByText("This would change 2 of the services").waitFor();
  expect(await plan.textContent()).toContain("− health_interval: 5+ health_interval: 10");
  await visitor.screenshot("manifest-plan");
  await plan.getByRole("button", { name: "Apply" }).click();
  await page.getByRole("link", { name: /^beat/ }).waitFor();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await page.getByRole("button", { name: /^Stop checking/ }).click();
  await page.getByText("Stopped: nothing of it is checked").waitFor();
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByRole("link", { name: /^db/ }).waitFor();
});

test("the editor of a manifest completes what is typed, and marks what is no YAML", async () => {
  const { page } = visitor;
  await page.getByRole("link", { name: "Projects" }).click();
  await page.getByRole("link", { name: /^shop/ }).click();
  const manifest = page.getByLabel("Manifest, YAML");
  await manifest.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("    health_int");
  await page.getByRole("option", { name: "health_interval" }).waitFor();
  await page.getByText("Seconds; default 30").waitFor();
  await visitor.screenshot("manifest-completion");
  await page.keyboard.press("Enter");
  await page.keyboard.type("}");
  await page.locator(".cm-lint-marker-error").waitFor();
  await page.getByRole("button", { name: "Undo my edits" }).click();
  await page.locator(".cm-lint-marker-error").waitFor({ state: "detached" });
});

test("keys are made, shown once and revoked; who signs out sees nothing", async () => {
  const { page } = visitor;
  await page.getByRole("link", { name: "Federation" }).click();
  await page.getByRole("heading", { name: "This hub is alone" }).waitFor();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByLabel("New key for").fill("the pipeline");
  await page.getByLabel("Scope").selectOption("write");
  await page.getByRole("button", { name: "Create a key" }).click();
  const key = await page.getByText(/^hub_[\w-]{43}$/).textContent();
  expect((await fetch(`${hub.url}/api/projects`, { headers: { authorization: `Bearer ${key}` } })).status).toBe(200);
  await visitor.screenshot("settings");
  await page.reload();
  expect(await page.getByText(/^hub_[\w-]{43}$/).count()).toBe(0);
  await page.getByRole("button", { name: "Revoke the pipeline" }).click();
  await page.getByRole("button", { name: "Revoke it" }).click();
  await page.getByText("No keys yet").waitFor();
  await page.getByLabel("New agent").fill("dc-1");
  await page.getByRole("button", { name: "Set up" }).click();
  await page.getByText(/HUB_KEY=hub_\S+ hub agent --hub http\S+ --name dc-1/).waitFor();
  await page.getByText("never connected").waitFor();
  await page.getByRole("button", { name: "Remove the agent dc-1" }).click();
  await page.getByRole("button", { name: "Remove it" }).click();
  await page.getByText("None yet. An agent checks services").waitFor();
  await page.getByText("No keys yet").waitFor(); // those of the agent went with it
  await page.getByRole("button", { name: "Dark" }).first().click();
  expect(await page.evaluate(() => getComputedStyle(document.body).colorScheme)).toBe("dark");
  await page.reload();
  expect(await page.evaluate(() => getComputedStyle(document.body).colorScheme)).toBe("dark");
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.getByLabel("Key or admin token").waitFor();
  expect(await page.context().cookies()).toEqual([]);
});

test("nothing was complained of, but the key and the inputs that were refused", () => {
  const refused = /^error: Failed to load resource: the server responded with a status of (400|401|404) /;
  expect(visitor.complaints.filter((complaint) => !refused.test(complaint))).toEqual([]);
});

test("a lost connection says how old the data is, comes back by itself and has missed nothing", async () => {
  const link = await startLink(hub.url);
  const { page, close, screenshot } = await visit(browser, link.url);
  try {
    await signIn(page, hub.token);
    await page.getByText("Live", { exact: true }).first().waitFor();
    await link.cut();
    await page
      .getByRole("alert")
      .getByText(/What you see is \d+ s old/)
      .waitFor();
    await screenshot("connection-lost");
    await db.down();
    await checkNow(idOf("db"));
    expect(await page.getByText(/^db has been down since/).count()).toBe(0);
    await link.heal();
    await page.getByText(/^db has been down since/).waitFor();
    await page.getByRole("alert").waitFor({ state: "hidden" });
  } finally {
    await close();
    await link.cut();
  }
});
