/**
 * How near one region is to another. A region is what a hub calls its own: a location hint of Cloudflare (`weur`), a
 * region of a cloud (`eu-west-1`, `us-east1`), or any other name.
 */

/** Degrees of latitude and longitude, roughly in the middle. */
const PLACES: Readonly<Record<string, readonly [number, number]>> = {
  wnam: [40, -120],
  enam: [40, -77],
  sam: [-15, -55],
  weur: [48, 4],
  eeur: [50, 22],
  apac: [22, 110],
  "apac-ne": [36, 138],
  "apac-se": [3, 104],
  oc: [-30, 145],
  afr: [-10, 25],
  me: [25, 50],
};

/** A region of a cloud in each place, as `placement` of a Worker names it. Cloudflare runs the Worker close to it. */
const CLOUD_REGIONS: Readonly<Record<string, string>> = {
  wnam: "aws:us-west-2",
  enam: "aws:us-east-1",
  sam: "aws:sa-east-1",
  weur: "aws:eu-central-1",
  eeur: "gcp:europe-central2",
  apac: "aws:ap-east-1",
  "apac-ne": "aws:ap-northeast-1",
  "apac-se": "aws:ap-southeast-1",
  oc: "aws:ap-southeast-2",
  afr: "aws:af-south-1",
  me: "aws:me-central-1",
};

/** The beginnings of the names that clouds use, the longer ones first. */
const PREFIXES: readonly (readonly [string, string])[] = [
  ["us-west", "wnam"],
  ["us-east", "enam"],
  ["us-central", "enam"],
  ["us-south", "enam"],
  ["northamerica", "enam"],
  ["southamerica", "sam"],
  ["ap-northeast", "apac-ne"],
  ["asia-northeast", "apac-ne"],
  ["ap-southeast-2", "oc"],
  ["ap-southeast-4", "oc"],
  ["ap-southeast", "apac-se"],
  ["asia-southeast", "apac-se"],
  ["australia", "oc"],
  ["africa", "afr"],
  ["europe", "weur"],
  ["asia", "apac"],
  ["ca-", "enam"],
  ["us", "enam"],
  ["eu", "weur"],
  ["ap", "apac"],
  ["sa-", "sam"],
  ["af-", "afr"],
  ["me", "me"],
  ["il-", "me"],
];

/** Kilometres to a place that nobody knows: farther than all others. */
const UNKNOWN_KM = 30_000;
const EARTH_RADIUS_KM = 6_371;

/** Returns kilometres, roughly; the same region is nearest, and a region that nobody knows is farthest. */
export function distanceKm(from: string, to: string | null): number {
  if (to === null) return UNKNOWN_KM;
  const [one, other] = [from.toLowerCase(), to.toLowerCase()];
  if (one === other) return 0;
  const [here, there] = [placeOf(one), placeOf(other)];
  // Another region of the same place is near, but the region itself is nearer.
  return here === null || there === null ? UNKNOWN_KM : Math.max(1, greatCircleKm(here, there));
}

/** Returns the location hint of Cloudflare that is nearest to the region; null: nobody knows where the region is. */
export function locationHint(region: string): string | null {
  const name = region.trim().toLowerCase();
  if (Object.hasOwn(PLACES, name)) return name;
  return PREFIXES.find(([prefix]) => beginsWith(name, prefix))?.[1] ?? null;
}

/** Returns the region of a cloud that is next to the hub's objects; null: nobody knows where the region is. */
export function placementRegion(region: unknown): string | null {
  const hint = typeof region === "string" ? locationHint(region) : null;
  return hint === null ? null : (CLOUD_REGIONS[hint] ?? null);
}

/** With whole words: `us-east-1` and `us-east1` begin with `us-east`, and `usb` not with `us`. */
function beginsWith(name: string, prefix: string): boolean {
  return name.startsWith(prefix) && !/^[a-z]/.test(prefix.endsWith("-") ? "" : name.slice(prefix.length));
}

function placeOf(region: string): readonly [number, number] | null {
  return PLACES[locationHint(region) ?? ""] ?? null;
}

function greatCircleKm([lat1, lon1]: readonly [number, number], [lat2, lon2]: readonly [number, number]): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const half = (degrees: number) => Math.sin(radians(degrees) / 2) ** 2;
  const a = half(lat2 - lat1) + Math.cos(radians(lat1)) * Math.cos(radians(lat2)) * half(lon2 - lon1);
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(a));
}
