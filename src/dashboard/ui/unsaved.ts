/** Text that a person has typed and not saved. Before the page, a form or a dialog takes it away, the person is asked. */
import { useCallback, useEffect } from "react";
import type { BaseLocationHook } from "wouter";
import { useBrowserLocation } from "wouter/use-browser-location";

/** One entry for each form that has such text. */
const holders = new Set<symbol>();
/** The address of the page that is shown. */
let shown = location.href;

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

function mayLeave(): boolean {
  return holders.size === 0 || mayDiscard();
}

/** The location of all links and routes. A change of the query stays on the page, so it takes nothing away. */
export const useGuardedLocation: BaseLocationHook = () => {
  const [path, navigate] = useBrowserLocation();
  const go = useCallback<typeof navigate>(
    (to, options) => {
      if (new URL(to, location.href).pathname !== location.pathname && !mayLeave()) return;
      navigate(to, options);
    },
    [navigate],
  );
  return [path, go];
};

/** Must be called before anything else listens to the address. */
export function guardUnsaved(): void {
  // The router tells of each change of the address by these events.
  for (const name of ["pushState", "replaceState"]) {
    addEventListener(name, () => {
      shown = location.href;
    });
  }
  addEventListener("beforeunload", (event) => {
    if (holders.size > 0) event.preventDefault();
  });
  addEventListener(
    "popstate",
    (event) => {
      const isSamePage = new URL(shown).pathname === location.pathname;
      if (isSamePage || mayLeave()) {
        shown = location.href;
        return;
      }
      event.stopImmediatePropagation();
      history.pushState(null, "", shown);
    },
    { capture: true },
  );
}
