/** The frame around every page: the navigation and the state of the connection. */
import { type ReactNode, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { ConnectionMark, LostBanner } from "./connection.tsx";
import { Icon } from "./icons.tsx";
import { Help, useKeyboard } from "./keyboard.tsx";
import { useScrollMemory } from "./scroll-memory.ts";
import { SECTIONS } from "./sections.ts";
import { useMayWrite, useSession } from "./session.tsx";
import { useTabMark } from "./tab.ts";
import { chooseTheme, THEMES, type Theme, useTheme } from "./theme.ts";

interface ShellProps {
  children: ReactNode;
  /** The search over everything, while it is open. */
  palette(close: () => void): ReactNode;
}

export function Shell({ children, palette }: ShellProps) {
  const [help, setHelp] = useState(false);
  const [isFinding, setIsFinding] = useState(false);
  const [, go] = useLocation();
  const main = useRef<HTMLElement>(null);
  useKeyboard({ go, help: () => setHelp(true), find: () => setIsFinding(true) });
  useScrollMemory(main);
  useTabMark();
  return (
    <div className="flex h-full flex-col lg:flex-row">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:rounded focus:bg-surface focus:p-2"
      >
        Skip to the content
      </a>
      <Sidebar showHelp={() => setHelp(true)} find={() => setIsFinding(true)} />
      <TopBar find={() => setIsFinding(true)} />
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <LostBanner />
        <main
          id="main"
          ref={main}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must reach a scrolling element
          tabIndex={0}
          className="min-h-0 flex-1 overflow-y-auto focus-visible:outline-2 focus-visible:-outline-offset-2 focus-visible:outline-accent"
          data-scroll
        >
          {children}
        </main>
      </div>
      <BottomBar />
      {isFinding && palette(() => setIsFinding(false))}
      {help && <Help close={() => setHelp(false)} />}
    </div>
  );
}

function isAt(location: string, path: string): boolean {
  return path === "/" ? location === "/" : location === path || location.startsWith(`${path}/`);
}

function Sidebar({ showHelp, find }: { showHelp(): void; find(): void }) {
  const [location] = useLocation();
  const { hub } = useSession();
  return (
    <aside aria-label="Hub" className="hidden w-56 shrink-0 flex-col gap-6 border-r border-line bg-surface p-4 lg:flex">
      <div className="flex flex-col gap-0.5 px-2">
        <span className="truncate text-base font-semibold" title={hub.name}>
          {hub.name}
        </span>
        <ConnectionMark />
      </div>
      <button
        type="button"
        onClick={find}
        className="flex items-center justify-between gap-2 rounded-md border border-edge px-2.5 py-1.5 text-muted hover:bg-raised"
      >
        <span className="flex items-center gap-2">
          <Icon name="search" className="size-4" />
          Search
        </span>
        <kbd className="font-mono text-xs">{FIND_KEYS}</kbd>
      </button>
      <nav aria-label="Pages" className="flex flex-col gap-0.5">
        {SECTIONS.map(({ path, name, icon }) => (
          <Link
            key={path}
            href={path}
            aria-current={isAt(location, path) ? "page" : undefined}
            className="flex items-center gap-2.5 rounded-md px-2 py-1.5 text-muted hover:bg-raised hover:text-ink aria-[current=page]:bg-raised aria-[current=page]:font-medium aria-[current=page]:text-ink"
          >
            <Icon name={icon} className="size-4.5" />
            {name}
          </Link>
        ))}
      </nav>
      <div className="mt-auto flex flex-col gap-3 px-2 text-muted">
        <ReadOnlyMark />
        <ThemeSwitch />
        <div className="flex gap-3">
          <button type="button" className="link" onClick={showHelp}>
            Keyboard
          </button>
          <a className="link" href="/docs">
            API
          </a>
        </div>
      </div>
    </aside>
  );
}

function ReadOnlyMark() {
  const { signed_in } = useSession();
  if (useMayWrite()) return null;
  return (
    <span className="flex gap-3">
      <span className="font-medium">Read only</span>
      {!signed_in && (
        <Link href="/settings" className="link">
          Sign in
        </Link>
      )}
    </span>
  );
}

const THEME_WORDS: Record<Theme, string> = { system: "Auto", light: "Light", dark: "Dark" };

export function ThemeSwitch() {
  const theme = useTheme();
  return (
    <fieldset className="flex w-fit overflow-hidden rounded-md border border-line">
      <legend className="sr-only">Theme</legend>
      {THEMES.map((each) => (
        <button
          key={each}
          type="button"
          aria-pressed={theme === each}
          onClick={() => chooseTheme(each)}
          className="px-2.5 py-1 text-muted hover:bg-raised aria-pressed:bg-raised aria-pressed:font-medium aria-pressed:text-ink"
        >
          {THEME_WORDS[each]}
        </button>
      ))}
    </fieldset>
  );
}

/** As it is written on the keyboard. */
const FIND_KEYS = /Mac|iP(hone|ad)/.test(navigator.platform) ? "⌘ K" : "Ctrl K";

function TopBar({ find }: { find(): void }) {
  const { hub } = useSession();
  return (
    <header className="flex items-center justify-between gap-3 border-b border-line bg-surface px-4 py-2 lg:hidden">
      <span className="min-w-0 truncate font-semibold">{hub.name}</span>
      <span className="flex items-center gap-3">
        <button type="button" aria-label="Find anything" onClick={find} className="rounded-md p-1.5 hover:bg-raised">
          <Icon name="search" />
        </button>
        <ConnectionMark />
      </span>
    </header>
  );
}

function BottomBar() {
  const [location] = useLocation();
  return (
    <nav aria-label="Pages" className="grid grid-cols-6 border-t border-line bg-surface lg:hidden">
      {SECTIONS.map(({ path, short, icon }) => (
        <Link
          key={path}
          href={path}
          aria-current={isAt(location, path) ? "page" : undefined}
          className="flex flex-col items-center gap-0.5 px-0.5 py-1.5 text-xs text-muted aria-[current=page]:font-semibold aria-[current=page]:text-accent"
        >
          <Icon name={icon} />
          {short}
        </Link>
      ))}
    </nav>
  );
}
