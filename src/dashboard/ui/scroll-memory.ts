/** Remembers the scroll position of each page. The back button restores it; any other page starts at its top. */
import { type RefObject, useEffect, useRef } from "react";
import { useLocation } from "wouter";

/** Also moves the focus to the scrolling element, so that the keyboard works in the new page. */
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
    if (!first.current) focusAndScroll(element, wentBack.current ? (left.current.get(path) ?? 0) : 0);
    first.current = false;
    wentBack.current = false;
    const note = () => left.current.set(path, element.scrollTop);
    element.addEventListener("scroll", note, { passive: true });
    return () => element.removeEventListener("scroll", note);
  }, [path, ref]);
}

function focusAndScroll(element: HTMLElement, top: number): void {
  const { activeElement: at } = document;
  const isInPage = at instanceof HTMLElement && element.contains(at);
  if (!isInPage || at === element) element.focus({ preventScroll: true });
  element.scrollTop = top;
  // A list has its full height one frame later, so the position is set again.
  requestAnimationFrame(() => {
    element.scrollTop = top;
  });
}
