/** A button that opens a menu of actions. It works by keyboard as the pattern "menu button" of ARIA says. */
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { Button } from "./button.tsx";

export interface MenuItem {
  label: string;
  act(): void;
  isDangerous?: boolean;
}

interface MenuProps {
  /** The name of the button; `children` is its look. */
  label: string;
  items: readonly MenuItem[];
  disabled?: boolean;
  children: ReactNode;
}

export function Menu({ label, items, disabled = false, children }: MenuProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    root.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const outside = ({ target }: Event) => {
      if (target instanceof Node && root.current?.contains(target) !== true) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, [open]);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const pressed = (event: KeyboardEvent) => {
    if (!open) return;
    const step = STEPS[event.key];
    if (event.key === "Escape") close();
    else if (step !== undefined) moveFocus(root.current, step);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the button and of the items in it
    <div ref={root} className="relative" onKeyDown={pressed}>
      <Button
        ref={button}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        disabled={disabled}
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown" && !open) setOpen(true);
        }}
      >
        {children}
      </Button>
      {open && (
        <div
          role="menu"
          aria-label={label}
          className="absolute left-0 z-30 mt-1 flex min-w-44 flex-col rounded-md border border-edge bg-surface py-1 shadow-xl sm:right-0 sm:left-auto"
        >
          {items.map(({ label: word, act, isDangerous = false }) => (
            <button
              key={word}
              type="button"
              role="menuitem"
              tabIndex={-1}
              className={`px-4 py-2 text-left whitespace-nowrap hover:bg-raised focus:bg-raised ${isDangerous ? "text-down" : ""}`}
              onClick={() => {
                close();
                act();
              }}
            >
              {word}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

const STEPS: Readonly<Record<string, number | "first" | "last">> = {
  ArrowDown: 1,
  ArrowUp: -1,
  Home: "first",
  End: "last",
};

function moveFocus(root: HTMLElement | null, step: number | "first" | "last"): void {
  const items: (Element | null)[] = [...(root?.querySelectorAll("[role=menuitem]") ?? [])];
  const at = items.indexOf(document.activeElement);
  const to = step === "first" ? 0 : step === "last" ? items.length - 1 : (at + step + items.length) % items.length;
  const item = items[to];
  if (item instanceof HTMLElement) item.focus();
}
