/** What goes wrong at three in the morning: lost work, lost sessions, lost places, names that are cut. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { NEVER_SLOW } from "../core/fixtures.ts";
import type { HubProcess } from "../processes/hub-process.ts";
import { until } from "../until.ts";
import { goTo, signIn, type Visitor, visit } from "./browser.ts";
import { emptyStage } from "./stage.ts";
import { startTarget, type Target } from "./targets.ts";

const LONG = `${"n".repeat(30)}-${"m".repeat(31)}`;
const MANY = 40;

let hub: HubProcess;
let browser: Browser;
let visitor: Visitor;
let page: Page;
let target: Target;
let isUp = true;
const ids = new Map<string, number>();
/** The questions that the page asked before it would lose something, and whether they are answered with yes. */
const asked: string[] = [];
let mayLose = false;

const put = async (project: string, name: string, body: object) => {
  const response = await hub.fetch(`/api/projects/${project}/services/${name}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ health_method: "http", health_interval: 3_600, health_retries: 0, ...body }),
  });
  expect(response.status, await response.clone().text()).toBe(201);
  const { id }: { id: number } = await response.json();
  ids.set(name, id);
};
const post = async (path: string, body?: object) => {
  const headers = { "content-type": "application/json" };
  return await hub.fetch(path, { method: "POST", headers, ...(body && { body: JSON.stringify(body) }) });
};
const check = async (name: string) => expect((await post(`/api/services/${ids.get(name)}/check`)).status).toBe(200);

beforeAll(async () => {
  ({ hub, browser } = await emptyStage());
  target = await startTarget(() => isUp);
  const web = { health_url: target.url, health_options: NEVER_SLOW };
  await put("base", "cause", web);
  await put("shop", "victim", { ...web, depends_on: ["base/cause"] });
  await put(LONG.slice(0, 60), LONG, web);
  for (let index = 0; index < MANY; index++) await put("many", `beat-${index}`, { health_method: "heartbeat" });
  visitor = await visit(browser, hub.url);
  ({ page } = visitor);
  page.on("dialog", (dialog) => {
    asked.push(`${dialog.type()}: ${dialog.message()}`);
    void (mayLose ? dialog.accept() : dialog.dismiss());
  });
  await signIn(page, hub.token);
});
beforeEach(() => {
  asked.length = 0;
  mayLose = false;
});
afterAll(async () => {
  await visitor?.close();
  await target?.down();
});

test("in the editor every letter is a letter, and what was typed is not left without a question", async () => {
  const { projects }: { projects: { id: number; name: string }[] } = await (await hub.fetch("/api/projects")).json();
  const path = `/projects/${projects.find(({ name }) => name === "shop")?.id}`;
  await goTo(page, path);
  const manifest = page.getByLabel("Manifest, YAML");
  await manifest.click();
  await page.keyboard.press("Control+End");
  const letters = "# tags: /?jkgogsgdgp mongo";
  await page.keyboard.type(letters);
  expect(new URL(page.url()).pathname).toBe(path);
  expect(await manifest.textContent()).toContain(letters);
  await page.getByRole("link", { name: "Overview" }).click();
  await page.evaluate(() => history.back());
  await until(() => expect(asked).toHaveLength(2));
  expect(new URL(page.url()).pathname).toBe(path);
  expect(await manifest.textContent()).toContain(letters);
  mayLose = true;
  await page.getByRole("link", { name: "Overview" }).click();
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
});

test("a form asks before Escape takes what was typed, begins in its first field and gives the focus back", async () => {
  await goTo(page, `/services/${ids.get("victim")}`);
  const edit = page.getByRole("button", { name: "Edit" });
  await edit.click();
  await page.getByRole("dialog").getByLabel("Name", { exact: true }).waitFor();
  await until(async () => expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("INPUT"));
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(asked).toEqual([]);
  expect(await edit.evaluate((button) => button === document.activeElement)).toBe(true);
  await edit.click();
  await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("other");
  await page.keyboard.press("Escape");
  await until(() => expect(asked).toHaveLength(1));
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
});

test("a cause that was stopped stays the cause, and its services stay in the list", async () => {
  await check("cause");
  await check("victim");
  isUp = false;
  await check("cause");
  await check("victim");
  await goTo(page, "/");
  await page.getByText(/^cause has been down since/).waitFor();
  await page.getByRole("link", { name: /^base/ }).click();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await page.getByRole("dialog").getByText("Nothing of it is checked").waitFor();
  await page.getByRole("button", { name: "Stop checking 1 service" }).click();
  await page.getByText("Stopped: nothing of it is checked").waitFor();
  await page.getByRole("link", { name: "Overview" }).click();
  await page.getByText(/^cause was down when its checks were stopped at/).waitFor();
  await goTo(page, "/services?q=cause");
  await page.getByRole("listitem").filter({ hasText: "cause" }).getByText("stopped", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Projects" }).click();
  await page.getByRole("link", { name: /^base/ }).click();
  await page.getByRole("button", { name: "Start" }).click();
  isUp = true;
  await check("cause");
  await check("victim");
});

test("Back leads to the place in the list that one came from", async () => {
  await goTo(page, "/services?project=many");
  await page.getByText(`${MANY} of`).waitFor();
  await page.mouse.move(700, 600);
  await page.mouse.wheel(0, 900);
  const top = () => page.evaluate(() => document.querySelector("[data-scroll]")?.scrollTop ?? 0);
  await until(async () => expect(await top()).toBeGreaterThan(300));
  const beat = page.getByRole("link", { name: /^beat-/ }).nth(8);
  await beat.scrollIntoViewIfNeeded();
  const before = await top();
  await beat.click();
  await page.getByRole("heading", { level: 1, name: /^beat-/ }).waitFor();
  await page.goBack();
  await until(async () => expect(Math.abs((await top()) - before)).toBeLessThan(4));
});

test("the part of the history that is shown stands in the address", async () => {
  await goTo(page, `/services/${ids.get("victim")}`);
  await page.getByRole("button", { name: "7d" }).click();
  await until(() => expect(new URL(page.url()).search).toBe("?span=7d"));
  await page.reload();
  await page.getByRole("button", { name: "7d", pressed: true }).waitFor();
});

test("a heartbeat shows how to beat, and hears the first one", async () => {
  await goTo(page, `/services/${ids.get("beat-7")}`);
  await page.getByText("Listening for the first heartbeat").waitFor();
  await page.getByText(/curl -fsS .*\/heartbeat/).waitFor();
  await page.getByRole("button", { name: "cron" }).click();
  await page.getByText(/\* \* \* \/usr\/local\/bin\/beat-7 && curl/).waitFor();
  expect((await post(`/api/services/${ids.get("beat-7")}/heartbeat`, {})).status).toBe(202);
  await page.getByText("The first heartbeat has come.").waitFor();
});

test("a few letters and Enter lead anywhere", async () => {
  await goTo(page, "/settings");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: /^Search services/ }).fill("victim");
  await page.getByRole("option", { name: /^victim/, selected: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "victim" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: /^Search services/ }).fill("what is down");
  await page.keyboard.press("Enter");
  await until(() => expect(page.url()).toContain("/services?status=down"));
});

test("no name is cut where there is room for it, and no page scrolls sideways", async () => {
  for (const width of [1_920, 1_400, 1_024, 768, 390]) {
    await page.setViewportSize({ width, height: 900 });
    for (const path of ["/", "/services", "/services?layout=grid", "/projects"]) {
      await goTo(page, path);
      const found = await page.evaluate(() => {
        const main = document.querySelector("main");
        const names = [...document.querySelectorAll<HTMLElement>("[data-name]")];
        return {
          sideways: (main?.scrollWidth ?? 0) - (main?.clientWidth ?? 0),
          // A name is cut although its line has room: what stands beside it should have given way.
          cut: names.filter((name) => {
            const isCut = name.scrollWidth > name.clientWidth + 1;
            return isCut && name.clientWidth + 2 < (name.parentElement?.clientWidth ?? 0);
          }).length,
        };
      });
      expect(found, `${path} at ${width}`).toEqual({ sideways: 0, cut: 0 });
    }
  }
  await page.setViewportSize({ width: 1_280, height: 860 });
});

test("over a session that ends the page stays, and signing in goes on; signing out ends all tabs", async () => {
  const made = await post("/api/keys", { name: "night", scope: "write" });
  const { id, key }: { id: number; key: string } = await made.json();
  const other = await visit(browser, hub.url);
  try {
    await signIn(other.page, key);
    await goTo(other.page, `/services/${ids.get("victim")}`);
    await other.page.getByRole("button", { name: "Edit" }).click();
    const name = other.page.getByRole("dialog").getByLabel("Name", { exact: true });
    await name.fill("typed");
    expect((await hub.fetch(`/api/keys/${id}`, { method: "DELETE" })).status).toBe(204);
    await other.page.getByText("Your session has ended").waitFor();
    const again = await post("/api/keys", { name: "night", scope: "write" });
    const { key: next }: { key: string } = await again.json();
    await other.page.getByLabel("Key or admin token").fill(next);
    await other.page.getByRole("button", { name: "Sign in" }).click();
    await other.page.getByText("Your session has ended").waitFor({ state: "detached" });
    expect(await name.inputValue()).toBe("typed");
    await other.page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    const tab = await other.page.context().newPage();
    await tab.goto(hub.url);
    await tab.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await goTo(other.page, "/settings");
    await other.page.getByRole("button", { name: "Sign out", exact: true }).click();
    await tab.getByText("You signed out in another tab.").waitFor();
  } finally {
    await other.close();
  }
});
