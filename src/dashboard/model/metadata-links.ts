/** The addresses among a service's metadata, such as that of its runbook: at night they are one click away. */

export interface MetadataLink {
  /** The name of the entry, to be read. */
  label: string;
  href: string;
}

const MAX_LINKS = 6;
const EMAIL = /^[^\s@<>"]+@[^\s@<>"]+\.[^\s@<>"]+$/;
/** These come first. */
const FIRST = ["runbook", "owner", "dashboard", "docs", "repository"];

/** Nested values are left out. */
export function metadataLinks(metadata: Readonly<Record<string, unknown>>): MetadataLink[] {
  return Object.entries(metadata)
    .flatMap(([name, value]) => {
      const href = typeof value === "string" ? addressIn(value.trim()) : null;
      return href === null ? [] : [{ name, href }];
    })
    .toSorted((a, b) => rank(a.name) - rank(b.name))
    .slice(0, MAX_LINKS)
    .map(({ name, href }) => ({ label: labelOf(name), href }));
}

/** Only addresses that open a page or a message; anything else could run in this page. */
function addressIn(text: string): string | null {
  if (EMAIL.test(text)) return `mailto:${text}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
}

function rank(name: string): number {
  const at = FIRST.indexOf(name.toLowerCase());
  return at < 0 ? FIRST.length : at;
}

function labelOf(name: string): string {
  const words = name.replace(/[_-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
