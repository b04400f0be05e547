/** The dashboard in Chromium, on a hub with 10,000 services: how soon, how smooth, how large, how patient. */
import type { Browser, BrowserContext, Page, WebSocketRoute } from "playwright-core";
import type { FlipFrame } from "../../src/core/board/live-protocol.ts";
import { openChromium } from "../browser/browser.ts";
import { accepted, json } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { sleep } from "../processes/patience.ts";
import type { Bench, BenchContext } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { quantile } from "./quantile.ts";

const SERVICES = 10_000;
const SERVICES_A_PROJECT = 1_000;
/** Of the first project; each needs up to three of them. */
const DRAWN = 500;
/** So many services have a past; they fill the first rows. */
const BEATING = 120;
const RUNS = 5;
const SCROLL_STEPS = 120;
const SCROLL_STEP_PX = 240;
const FLIPS_A_SECOND = 100;
const STORM_MS = 60_000;
const DRAG_MS = 2_000;
const DRAG_STEP_MS = 16;
/** Flips are sent in small lots, as a hub sends what it finds. */
const LOT_MS = 100;
/** Beyond all that the hub itself has sent. */
const FIRST_SEQ = 1_000_000_000;
const KEY_EVERY_MS = 250;
const MB = 1_024 * 1_024;

export const dashboardBench: Bench = {
  names: ["dashboard"],
  about: `the dashboard in Chromium with ${SERVICES} services: first paint, scrolling, memory, a storm of flips`,
  run: (context) => benchDashboard(context.progress),
};

export async function benchDashboard(progress: BenchContext["progress"] = () => {}): Promise<Figure[]> {
  const hub = await startHub({ args: ["--quiet"] });
  const browser = await openChromium(["--enable-precise-memory-info"]);
  try {
    await fill(hub);
    await beat(hub);
    // A hub of so many services runs its monitors another way from its next start on: no change while it is measured.
    await hub.restart();
    progress(`${SERVICES} services are registered`);
    const context = await signedIn(browser, hub);
    return [
      await firstPaint(context, `${hub.url}/`, "main p[role=status]", "overview"),
      await firstPaint(context, `${hub.url}/services`, ROW, "services"),
      await barsAfterRows(context, hub),
      ...(await scrolling(context, hub)),
      ...(await graph(context, hub)),
      await storm(context, hub, progress),
    ];
  } finally {
    await browser.close();
    await hub.remove();
  }
}

/** Heartbeats that nobody sends: the hub has nothing else to do meanwhile. */
async function fill(hub: HubProcess): Promise<void> {
  for (let first = 0; first < SERVICES; first += SERVICES_A_PROJECT) {
    const made = await hub.fetch("/api/projects", json("POST", { name: `project-${first}` }));
    const { id } = await accepted<{ id: number }>(made);
    const services = Array.from({ length: SERVICES_A_PROJECT }, (_, index) => ({
      name: `service-${first + index}`,
      health_method: "heartbeat",
      health_interval: 86_400,
      tags: [`rack-${index % 20}`],
      ...(first === 0 && index < DRAWN && { depends_on: needs(index) }),
    }));
    await accepted(await hub.fetch(`/api/projects/${id}/manifest`, json("PUT", { services })));
  }
}

/** Layers of services, as companies have them: most need a few of the layer below, some need one that all need. */
function needs(index: number): string[] {
  const layer = Math.floor(Math.log2(index + 1));
  if (layer === 0) return [];
  const below = 2 ** (layer - 1) - 1;
  const width = 2 ** (layer - 1);
  const found = [below + (index % width), below + ((index * 7) % width), ...(index % 10 === 0 ? [0] : [])];
  return [...new Set(found)].filter((each) => each !== index).map((each) => `service-${each}`);
}

async function beat(hub: HubProcess): Promise<void> {
  const page = await accepted<{ services: { id: number; name: string }[] }>(
    await hub.fetch("/api/services?limit=1000&project=project-0"),
  );
  const byName = page.services.toSorted((a, b) => (a.name < b.name ? -1 : 1)).slice(0, BEATING);
  for (const { id } of byName) {
    await accepted(await hub.fetch(`/api/services/${id}/heartbeat`, json("POST", { status: "pass" })));
  }
}

async function signedIn(browser: Browser, hub: HubProcess): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 860 } });
  const signIn = await context.request.post(`${hub.url}/api/session`, { data: { key: hub.token } });
  if (!signIn.ok()) throw new Error(`the sign-in was answered ${signIn.status()}`);
  return context;
}

/** From the start of the navigation until what one came for has been painted. */
async function firstPaint(context: BrowserContext, url: string, selector: string, name: string): Promise<Figure> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const page = await context.newPage();
    await page.addInitScript((wanted) => {
      const look = () => {
        if (document.querySelector(wanted) === null) return requestAnimationFrame(look);
        return requestAnimationFrame(() => Object.assign(globalThis, { painted: performance.now() }));
      };
      requestAnimationFrame(look);
    }, selector);
    await page.goto(url);
    const painted = await page.waitForFunction(() => (globalThis as { painted?: number }).painted);
    times.push((await painted.jsonValue()) ?? Number.NaN);
    await page.close();
  }
  return figure(`dashboard: first useful paint, ${name}`, quantile(times, 0.5), "ms", 800, `median of ${RUNS}`);
}

const ROW = "li [data-walk]";
const BARS = "li [role=img][aria-label^=last]";

/** From the first painted row until the bars of its last checks are painted. */
async function barsAfterRows(context: BrowserContext, hub: HubProcess): Promise<Figure> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const page = await context.newPage();
    await page.addInitScript(
      (wanted) => {
        const seen: number[] = [];
        const look = () => {
          const next = wanted[seen.length];
          if (next === undefined) return Object.assign(globalThis, { took: (seen[1] ?? 0) - (seen[0] ?? 0) + 1 });
          if (document.querySelector(next) !== null) seen.push(performance.now());
          return requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
      },
      [ROW, BARS],
    );
    await page.goto(`${hub.url}/services?sort=name`);
    const took = await page.waitForFunction(() => (globalThis as { took?: number }).took);
    times.push((await took.jsonValue()) ?? Number.NaN);
    await page.close();
  }
  return figure(
    "dashboard: bars of the visible rows after the rows",
    quantile(times, 0.5),
    "ms",
    300,
    `median of ${RUNS}`,
  );
}

/** A graph of 500 services: from the navigation until it is drawn, frames while it is moved, and lighting a path. */
async function graph(context: BrowserContext, hub: HubProcess): Promise<Figure[]> {
  const page = await context.newPage();
  await page.goto(`${hub.url}/dependencies?project=project-0`);
  await page
    .locator(".react-flow__node-service")
    .nth(DRAWN - 1)
    .waitFor();
  const drawn = await page.evaluate(() => performance.now());
  const frame = page.locator(".react-flow__pane");
  const box = await frame.boundingBox();
  if (box === null) throw new Error("the graph has no place");
  const recorded = page.evaluate(
    (ms) =>
      new Promise<number[]>((resolve) => {
        const frames: number[] = [];
        let before = performance.now();
        const end = before + ms;
        const step = (now: number) => {
          frames.push(now - before);
          before = now;
          if (now < end) requestAnimationFrame(step);
          else resolve(frames.slice(2));
        };
        requestAnimationFrame(step);
      }),
    DRAG_MS,
  );
  await page.mouse.move(box.x + box.width - 20, box.y + 20);
  await page.mouse.down();
  for (let step = 0; step < DRAG_MS / DRAG_STEP_MS; step += 1) {
    await page.mouse.move(box.x + box.width - 20 - (step % 60) * 5, box.y + 20 + (step % 40) * 4);
    await sleep(DRAG_STEP_MS);
  }
  await page.mouse.up();
  const frames = await recorded;
  const lit = await page.evaluate(async () => {
    const link = document.querySelector<HTMLElement>(".react-flow__node-service a");
    const began = performance.now();
    link?.focus();
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    return document.querySelector(".react-flow__node-service .opacity-25") === null
      ? Number.NaN
      : performance.now() - began;
  });
  await page.close();
  return [
    figure(`dashboard: graph of ${DRAWN} services drawn`, drawn, "ms", 5_000, "from the navigation on"),
    figure(`dashboard: graph of ${DRAWN}, frame while it is moved, median`, quantile(frames, 0.5), "ms", 50),
    figure(`dashboard: graph of ${DRAWN}, a path lights up`, lit, "ms", 200),
  ];
}

async function scrolling(context: BrowserContext, hub: HubProcess): Promise<Figure[]> {
  const page = await context.newPage();
  await page.goto(`${hub.url}/services?sort=name`);
  await page.getByText(`${SERVICES.toLocaleString("en")} services`, { exact: true }).waitFor();
  const heap = await heapOf(page);
  const worst: number[] = [];
  const all: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const frames = await framesOfScroll(page);
    worst.push(Math.max(...frames));
    all.push(...frames);
  }
  await page.close();
  return [
    figure("dashboard: JS heap", heap / MB, "MB", 60, "all services listed, after a collection"),
    figure("dashboard: frame while scrolling, median", quantile(all, 0.5), "ms", 50),
    figure("dashboard: worst frame of a scroll", quantile(worst, 0.5), "ms", 50, `median of ${RUNS} scrolls`),
  ];
}

async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  await session.send("Performance.enable");
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? Number.NaN;
}

/** Milliseconds between frames while the list is scrolled as by a quick wheel. */
async function framesOfScroll(page: Page): Promise<number[]> {
  return await page.evaluate(
    ({ steps, px }) =>
      new Promise<number[]>((resolve) => {
        const list = document.querySelector("[data-scroll]");
        const frames: number[] = [];
        let before = performance.now();
        const step = (now: number) => {
          frames.push(now - before);
          before = now;
          list?.scrollBy({ top: px });
          if (frames.length < steps) requestAnimationFrame(step);
          else resolve(frames.slice(2));
        };
        requestAnimationFrame(step);
      }),
    { steps: SCROLL_STEPS, px: SCROLL_STEP_PX },
  );
}

/** The delay of keys typed into the search while services flip; the flips come in beside those of the hub. */
async function storm(context: BrowserContext, hub: HubProcess, progress: BenchContext["progress"]): Promise<Figure> {
  const page = await context.newPage();
  const connected = Promise.withResolvers<WebSocketRoute>();
  await page.routeWebSocket(/\/ws\/health/, (socket) => {
    socket.connectToServer();
    connected.resolve(socket);
  });
  await page.goto(`${hub.url}/services`);
  await page.getByText(`${SERVICES.toLocaleString("en")} services`, { exact: true }).waitFor();
  const field = page.getByLabel("Search services");
  await field.focus();
  await page.evaluate(() => {
    const delays: number[] = Object.assign(globalThis, { delays: [] as number[] }).delays;
    addEventListener("keydown", (event) => delays.push(performance.now() - event.timeStamp), { capture: true });
  });
  progress(`${FLIPS_A_SECOND} flips a second for ${STORM_MS / 1_000} s`);
  const socket = await connected.promise;
  const ends = Date.now() + STORM_MS;
  await Promise.all([flipUntil(socket, ends), typeUntil(page, ends)]);
  await page.locator("li").getByText("Down", { exact: true }).first().waitFor();
  const delays = await page.evaluate(() => (globalThis as unknown as { delays: number[] }).delays);
  await page.close();
  const note = `${delays.length} keys during ${FLIPS_A_SECOND} flips/s for ${STORM_MS / 1_000} s`;
  return figure("dashboard: input delay p95", quantile(delays, 0.95), "ms", 100, note);
}

async function flipUntil(socket: WebSocketRoute, ends: number): Promise<void> {
  const started = Date.now();
  for (let sent = 0; Date.now() < ends; await sleep(LOT_MS)) {
    for (const due = ((Date.now() - started) * FLIPS_A_SECOND) / 1_000; sent < due; sent += 1) {
      socket.send(JSON.stringify(flipFrame(sent)));
    }
  }
}

function flipFrame(number: number): FlipFrame {
  const at = new Date().toISOString();
  const index = (number * 7) % SERVICES;
  const project_id = Math.floor(index / SERVICES_A_PROJECT) + 1;
  const [from, to] =
    Math.floor((number * 7) / SERVICES) % 2 === 0 ? (["unknown", "down"] as const) : (["down", "up"] as const);
  return {
    type: "flip",
    seq: FIRST_SEQ + number,
    flip_seq: number,
    service_id: index + 1,
    project_id,
    name: `service-${index}`,
    project: `project-${index - (index % SERVICES_A_PROJECT)}`,
    from,
    to,
    reason: "connect: refused",
    at,
    service_type: "worker",
    version: null,
    latency_ms: null,
    began_at: at,
    evidence: [{ at, vantage: "home", ok: false, latency_ms: null, error: "connect: refused" }],
  };
}

async function typeUntil(page: Page, ends: number): Promise<void> {
  for (let count = 0; Date.now() < ends; count += 1) {
    await page.keyboard.press(count % 2 === 0 ? "7" : "Backspace");
    await sleep(KEY_EVERY_MS);
  }
}

function figure(name: string, value: number, unit: string, limit: number, note?: string): Figure {
  return { name, value, unit, limit, better: "lower", ...(note !== undefined && { note }) };
}
