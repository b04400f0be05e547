/** The sections of the dashboard, each listed once: navigation, routes, keyboard and help are made from them. */
import type { IconName } from "./icons.tsx";

export interface Section {
  path: string;
  name: string;
  /** For a narrow screen. */
  short: string;
  icon: IconName;
  /** After `g`, this key goes there; null: none does. */
  key: string | null;
}

export const SECTIONS = [
  { path: "/", name: "Overview", short: "Overview", icon: "overview", key: "o" },
  { path: "/services", name: "Services", short: "Services", icon: "services", key: "s" },
  { path: "/dependencies", name: "Dependencies", short: "Graph", icon: "dependencies", key: "d" },
  { path: "/projects", name: "Projects", short: "Projects", icon: "projects", key: "p" },
  { path: "/federation", name: "Federation", short: "Hubs", icon: "hubs", key: null },
  { path: "/settings", name: "Settings", short: "Settings", icon: "settings", key: null },
] as const satisfies readonly Section[];

export type SectionPath = (typeof SECTIONS)[number]["path"];
