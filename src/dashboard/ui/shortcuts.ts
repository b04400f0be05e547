/** Whether single keys do something. Who dictates, or strikes keys by accident, switches them off (WCAG 2.1.4). */
import { useSyncExternalStore } from "react";

const KEY = "hub-shortcuts";
const OFF = "off";
const listeners = new Set<() => void>();

export function hasShortcuts(): boolean {
  try {
    return localStorage.getItem(KEY) !== OFF;
  } catch {
    return true; // the browser keeps nothing for this page
  }
}

export function switchShortcuts(on: boolean): void {
  try {
    if (on) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, OFF);
  } catch {
    // it stays as it is
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useShortcuts(): boolean {
  return useSyncExternalStore(subscribe, hasShortcuts);
}
