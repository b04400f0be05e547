/** Remembers the scroll position of each page. The back button restores it; any other page starts at its top. */
import { type RefObject, useLayoutEffect, useRef } from "react";
import { useLocation } from "wouter";
import { isReturnedTo } from "./unsaved.ts";

/** Also moves the focus to the scrolling element, so that the keyboard works in the new page. */
export function useScrollMemory(ref: RefObject<HTMLElement | null>): void {
  const [path] = useLocation();
  const left = useRef(new Map<string, number>());
  const first = useRef(true);
  // With the change itself: a shorter page moves the position, and that is none of the page before.
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const top = isReturnedTo() ? (left.current.get(path) ?? 0) : 0;
    const restoring = first.current ? null : new Restoring(element, top);
    first.current = false;
    const note = () => {
      if (restoring?.isDone !== false) left.current.set(path, element.scrollTop);
    };
    const stop = () => restoring?.stop();
    element.addEventListener("scroll", note, { passive: true });
    for (const event of BY_USER) element.addEventListener(event, stop, { passive: true });
    return () => {
      stop();
      element.removeEventListener("scroll", note);
      for (const event of BY_USER) element.removeEventListener(event, stop);
    };
  }, [path, ref]);
}

const BY_USER = ["wheel", "touchmove", "keydown", "pointerdown"] as const;
/** A page that takes longer to load begins at its top. */
const MAX_RESTORE_MS = 5_000;

/** A list gets its full height when its data is there, so the position is set until it fits, or the user scrolls. */
class Restoring {
  readonly #element: HTMLElement;
  readonly #top: number;
  readonly #until = performance.now() + MAX_RESTORE_MS;
  isDone = false;

  constructor(element: HTMLElement, top: number) {
    this.#element = element;
    this.#top = top;
    const { activeElement: at } = document;
    const isInPage = at instanceof HTMLElement && element.contains(at);
    if (!isInPage || at === element) element.focus({ preventScroll: true });
    this.#set();
  }

  stop(): void {
    this.isDone = true;
  }

  #set(): void {
    if (this.isDone) return;
    this.#element.scrollTop = this.#top;
    const isThere = Math.abs(this.#element.scrollTop - this.#top) < 2;
    if (isThere || performance.now() > this.#until) this.stop();
    requestAnimationFrame(() => this.#set());
  }
}
