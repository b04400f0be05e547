/** Where each page was scrolled to: a new page begins at its top, one that is gone back to where it was left. */
import { type RefObject, useEffect, useRef } from "react";
import { useLocation } from "wouter";

/** Also moves the focus to what scrolls, so that the keyboard goes on in the new page. */
export function useScrollMemory(ref: RefObject<HTMLElement | null>): void {
  const [path] = useLocation();
  const left = useRef(new Map<string, number>());
  const wentBack = useRef(false);
  const first = useRef(true);
  useEffect(() => {
    const back = () => {
      wentBack.current = true;
    };
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }, []);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    if (!first.current) arrive(element, wentBack.current ? (left.current.get(path) ?? 0) : 0);
    first.current = false;
    wentBack.current = false;
    const note = () => left.current.set(path, element.scrollTop);
    element.addEventListener("scroll", note, { passive: true });
    return () => element.removeEventListener("scroll", note);
  }, [path, ref]);
}

function arrive(element: HTMLElement, top: number): void {
  const { activeElement: at } = document;
  const isInPage = at instanceof HTMLElement && element.contains(at);
  if (!isInPage || at === element) element.focus({ preventScroll: true });
  element.scrollTop = top;
  // A list knows its height one frame later.
  requestAnimationFrame(() => {
    element.scrollTop = top;
  });
}
