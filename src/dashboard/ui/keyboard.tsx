/** The keyboard shortcuts of all pages, and the dialog that lists them. */
import { useEffect, useRef } from "react";
import { Dialog } from "./dialog.tsx";
import { SECTIONS } from "./sections.ts";
import { hasShortcuts, switchShortcuts, useShortcuts } from "./shortcuts.ts";

const KEYS: readonly [keys: string[], does: string][] = [
  [["⌘ K", "Ctrl K"], "Search everywhere"],
  [["/"], "Search services"],
  [["j", "k"], "Next, previous in a list"],
  [["Enter"], "Open it"],
  ...SECTIONS.flatMap(({ key, name }): [string[], string][] =>
    key === null ? [] : [[["g", key], `Go to the ${name.toLowerCase()}`]],
  ),
  [["?"], "This list"],
  [["Esc"], "Close what is open, leave a field"],
];

export const SEARCH_FIELD = "[data-search]";
/** `j` and `k` move the focus through these elements. */
const WALKABLE = "[data-walk]";

interface Actions {
  go(path: string): void;
  help(): void;
  /** The search over everything. */
  find(): void;
}

/** Ignores keys with a modifier and, except for Escape, keys that the user types into a field. */
export function useKeyboard(actions: Actions): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    let before = "";
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const [target = null] = event.composedPath(); // in a shadow root, the event's own target is its host
      if (isTyping(target)) {
        if (event.key === "Escape") leaveField(event, target);
        return;
      }
      if (!hasShortcuts() || document.querySelector("dialog[open]") !== null) return;
      if (handleKey(before, event.key, latest.current)) event.preventDefault();
      before = event.key;
    };
    const found = (event: KeyboardEvent) => {
      if (event.defaultPrevented || !isFind(event)) return;
      event.preventDefault();
      if (document.querySelector("dialog[open]") === null) latest.current.find();
    };
    window.addEventListener("keydown", pressed);
    window.addEventListener("keydown", found);
    return () => {
      window.removeEventListener("keydown", pressed);
      window.removeEventListener("keydown", found);
    };
  }, []);
}

/** ⌘K, or Ctrl K where there is no ⌘. In the editor of a manifest, Ctrl K is a key of its own on a Mac. */
function isFind({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): boolean {
  return key.toLowerCase() === "k" && ctrlKey !== metaKey && !altKey && !shiftKey;
}

/** Keeps Escape from emptying a search field. In a dialog, Escape closes the dialog, so this does nothing there. */
function leaveField(event: KeyboardEvent, field: HTMLElement): void {
  if (document.querySelector("dialog[open]") !== null) return;
  event.preventDefault();
  field.blur();
}

/** Returns true when the key did something. */
function handleKey(before: string, key: string, { go, help }: Actions): boolean {
  const section = SECTIONS.find((each) => each.key === key);
  if (before === "g" && section !== undefined) {
    go(section.path);
    return true;
  }
  if (key === "?") help();
  else if (key === "/") search(go);
  else if (key === "j" || key === "k") return moveFocus(key === "j" ? 1 : -1);
  else return false;
  return true;
}

function search(go: (path: string) => void): void {
  const field = document.querySelector<HTMLInputElement>(SEARCH_FIELD);
  if (field === null) go("/services#search");
  else {
    field.focus();
    field.select();
  }
}

/** Moves the focus by one element. Returns false when there is no such element. */
function moveFocus(step: 1 | -1): boolean {
  const items = [...document.querySelectorAll<HTMLElement>(WALKABLE)];
  const current = items.indexOf(document.activeElement as HTMLElement);
  const next = items[current === -1 ? (step === 1 ? 0 : items.length - 1) : current + step];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return next !== undefined;
}

function isTyping(target: EventTarget | null): target is HTMLElement {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

export function Help({ close }: { close(): void }) {
  const isOn = useShortcuts();
  return (
    <Dialog title="Keyboard" close={close}>
      <label className="flex items-center gap-2.5 pb-4">
        <input type="checkbox" checked={isOn} onChange={(event) => switchShortcuts(event.target.checked)} />
        Single keys are shortcuts
      </label>
      <dl className="grid grid-cols-[auto_1fr] items-center gap-x-5 gap-y-2.5">
        {KEYS.map(([keys, does]) => (
          <div key={does} className="contents">
            <dt className="flex gap-1.5">
              {keys.map((key) => (
                <kbd key={key} className="rounded border border-edge bg-raised px-1.5 font-mono">
                  {key}
                </kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
