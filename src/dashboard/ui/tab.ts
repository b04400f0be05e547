/** The title and the icon of the browser's tab: the page, and how the services are. */
import { useEffect } from "react";
import type { Status } from "../../core/service/records.ts";
import { useServices } from "../live/live-context.tsx";
import { tabMark } from "../model/tab-mark.ts";
import { useElsewhere } from "./elsewhere.ts";

const NAME = "CommandCenter Hub";
/** The colours of style.css in the light theme; the icon stands on the browser's own ground. */
const COLOURS: Record<Status, string> = { up: "#15803d", degraded: "#b45309", down: "#dc2626", unknown: "#64748b" };
const SHAPES: Record<Status, string> = {
  up: '<circle cx="8" cy="8" r="7"/>',
  degraded: '<path d="M8 1 15.5 15H.5Z"/>',
  down: '<path d="M4.7.5h6.6l4.2 4.2v6.6l-4.2 4.2H4.7L.5 11.3V4.7ZM4 6.8v2.4h8V6.8Z" fill-rule="evenodd"/>',
  unknown: '<circle cx="8" cy="8" r="5.5" fill="none" stroke-width="3"/>',
};

let page = "";
let mark = "";

function show(): void {
  document.title = [mark, page, NAME].filter(Boolean).join(" · ");
}

/** Sets the name of the page as long as it is shown. */
export function useTabTitle(title: string): void {
  useEffect(() => {
    page = title;
    show();
  }, [title]);
}

/** Keeps the worst status and how many services have it in the title, and the status in the icon. */
export function useTabMark(): void {
  const { rows, ready } = useServices();
  const elsewhere = useElsewhere();
  const { status, words } = tabMark(ready ? rows.values() : [], elsewhere?.down);
  useEffect(() => {
    mark = words;
    show();
  }, [words]);
  useEffect(() => {
    const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    if (icon === null) return;
    icon.href = status === null ? "/favicon.svg" : iconOf(status);
  }, [status]);
}

function iconOf(status: Status): string {
  const colour = COLOURS[status];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="${colour}" stroke="${colour}" stroke-width="0">${SHAPES[status]}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
