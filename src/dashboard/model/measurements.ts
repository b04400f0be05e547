/** How the numbers that checks measured are shown. */

export interface Measure {
  title: string;
  format(value: number): string;
}

const plain = (value: number) => value.toLocaleString("en", { maximumFractionDigits: 2 });
const percent = (value: number) => `${plain(value)} %`;

/** Names that the hub's agents use; any other number is shown under its own name. */
const KNOWN: Record<string, Measure> = {
  cpu_percent: { title: "CPU", format: percent },
  memory_percent: { title: "Memory of its limit", format: percent },
  memory_bytes: { title: "Memory", format: bytes },
  network_rx_bytes: { title: "Received since its start", format: bytes },
  network_tx_bytes: { title: "Sent since its start", format: bytes },
  restarts: { title: "Restarts", format: plain },
};

/** Charts that come first; the others follow by name. */
const ORDER = Object.keys(KNOWN);

export function measureOf(name: string): Measure {
  return Object.hasOwn(KNOWN, name) ? (KNOWN[name] ?? { title: name, format: plain }) : { title: name, format: plain };
}

export function byImportance<T extends { name: string }>(series: readonly T[]): T[] {
  const rank = ({ name }: T) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return series.toSorted((a, b) => rank(a) - rank(b));
}

export function bytes(value: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, Math.abs(value))) / 3)));
  return `${plain(value / 1_000 ** power)} ${units[power]}`;
}
