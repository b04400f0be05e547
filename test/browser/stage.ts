/** One hub and one Chromium for all chapters: to start them costs more processor time than most tests. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { openChromium } from "./browser.ts";

/** As long as a tag may be. */
export const EVIL = `<img src=x onerror="globalThis.harmed=1"><b>evil</b>`;
/** The hub itself has an evil name, but on the pictures of docs/. */
const HUB_NAME = process.env.PICTURES === undefined ? EVIL : "Frankfurt";

export interface Stage {
  hub: HubProcess;
  browser: Browser;
}

let opened: Promise<Stage> | null = null;

/** To be called once, by the file that has the chapters. */
export function setStage(): void {
  beforeAll(async () => void (await stage()));
  afterAll(async () => {
    const { hub, browser } = await stage();
    await Promise.all([browser.close(), hub.remove()]);
  });
}

/** For the `beforeAll` of a chapter: the hub knows nothing of the chapters before. */
export async function emptyStage(): Promise<Stage> {
  const given = await stage();
  await emptyHub(given.hub);
  return given;
}

function stage(): Promise<Stage> {
  opened ??= open();
  return opened;
}

async function open(): Promise<Stage> {
  const vars = { HUB_NAME, FEDERATION_INTERVAL: "5" };
  const [hub, browser] = await Promise.all([startHub({ vars }), openChromium()]);
  return { hub, browser };
}

async function emptyHub(hub: HubProcess): Promise<void> {
  const list = async (path: string) => (await hub.fetch(path)).json();
  const { projects }: { projects: { id: number }[] } = await list("/api/projects");
  const { agents }: { agents: { name: string }[] } = await list("/api/agents");
  const { keys }: { keys: { id: number }[] } = await list("/api/keys");
  const { hubs }: { hubs: { hub_id: string }[] } = await list("/api/federation/hubs");
  const paths = [
    ...projects.map(({ id }) => `/api/projects/${id}`),
    ...agents.map(({ name }) => `/api/agents/${name}`),
    ...keys.map(({ id }) => `/api/keys/${id}`),
    ...hubs.map(({ hub_id }) => `/api/federation/hubs/${hub_id}`),
  ];
  for (const path of paths) {
    const { status } = await hub.fetch(path, { method: "DELETE" });
    // The keys of an agent went with it.
    if (status !== 204 && status !== 404) throw new Error(`DELETE ${path} answered ${status}`);
  }
}
