/** Text that a person has typed and not saved. Before the page, a form or a dialog takes it away, the person is asked. */
import { useCallback, useEffect, useSyncExternalStore } from "react";
import type { BaseLocationHook } from "wouter";
import { navigate } from "wouter/use-browser-location";

/** One entry for each form that has such text. */
const holders = new Set<symbol>();
const listeners = new Set<() => void>();
/** The address of the page that is shown: on the way back, the browser's own is another one before anybody hears of it. */
let shown = location.href;
let isReturn = false;

/** `isUnsaved`: false also while the text is being sent. */
export function useUnsaved(isUnsaved: boolean): void {
  useEffect(() => {
    if (!isUnsaved) return;
    const holder = Symbol("unsaved");
    holders.add(holder);
    return () => void holders.delete(holder);
  }, [isUnsaved]);
}

export function mayDiscard(): boolean {
  return confirm("What you typed is not saved. Leave it?");
}

export function mayLeave(): boolean {
  return holders.size === 0 || mayDiscard();
}

const pathOf = (address: string) => new URL(address, location.href).pathname;

/** The location of all links and routes. A change of the query stays on the page, so it takes nothing away. */
export const useGuardedLocation: BaseLocationHook = () => {
  const path = useSyncExternalStore(subscribe, () => pathOf(shown));
  const go = useCallback<typeof navigate>((to, options) => {
    if (pathOf(String(to)) === location.pathname || mayLeave()) navigate(to, options);
  }, []);
  return [path, go];
};

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Whether the page that is shown was come back to, by the browser's own buttons. */
export function isReturnedTo(): boolean {
  return isReturn;
}

function show(event: Event): void {
  shown = location.href;
  isReturn = event.type === "popstate";
  for (const listener of listeners) listener();
}

/** Must be called before anything else listens to the address. */
export function guardUnsaved(): void {
  // The router tells of each change of the address by these events.
  for (const name of ["pushState", "replaceState"]) addEventListener(name, show);
  addEventListener("beforeunload", (event) => {
    if (holders.size > 0) event.preventDefault();
  });
  addEventListener(
    "popstate",
    (event) => {
      if (pathOf(shown) === location.pathname || mayLeave()) return show(event);
      event.stopImmediatePropagation();
      history.pushState(null, "", shown);
    },
    { capture: true },
  );
}
