/**
 * Loads the script of a page when it is opened first. While the hub is away that waits; when the hub was updated the
 * script is gone, so the whole page is loaded anew, once.
 */
import { type ComponentType, lazy } from "react";

const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 5_000;
const RELOADED_AT = "hub-reloaded-at";
/** Loading anew within this time did not help. */
const AGAIN_MS = 60_000;

export function lazyPage<P extends object>(load: () => Promise<ComponentType<P>>) {
  return lazy(async () => ({ default: await loaded(load) }));
}

async function loaded<T>(load: () => Promise<T>): Promise<T> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, MAX_WAIT_MS)) {
    try {
      return await load();
    } catch (error) {
      if (await answers()) return await loadAnew(load, error);
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

async function answers(): Promise<boolean> {
  return await fetch("/health", { cache: "no-store" }).then(
    () => true,
    () => false,
  );
}

/** Browsers remember a script that could not be loaded, so after one more try the page itself is loaded. */
async function loadAnew<T>(load: () => Promise<T>, error: unknown): Promise<T> {
  try {
    return await load();
  } catch {
    const before = Number(sessionStorage.getItem(RELOADED_AT) ?? 0);
    if (Date.now() - before < AGAIN_MS) throw error;
    sessionStorage.setItem(RELOADED_AT, String(Date.now()));
    location.reload();
    return await new Promise<never>(() => {}); // until the page is gone
  }
}
