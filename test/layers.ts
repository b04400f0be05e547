/**
 * The layers of src/ and the check of them. `npm run lint` runs this file. A folder imports its own files, and what its
 * row names; it is an error to import a folder that has no row, or to be one.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

interface Layer {
  /** Folders, or single files of folders. All of them are in rows above. */
  may: readonly string[];
  /** Files of which it imports types only. */
  types?: readonly string[];
  /** Packages; a name that ends with ":" or "/" stands for all that begin so. */
  packages: readonly string[];
  /** What belongs here, and where the rest belongs. */
  why: string;
}

/** Anything may be thrown anywhere. */
const THROWN = "core/values/error-message.ts";
const ROOT_FILE = "package.json";
const SQL = ["drizzle-orm", "drizzle-orm/"];
const HONO = ["hono", "hono/"];

/** From the bottom to the top. */
export const LAYERS: Readonly<Record<string, Layer>> = {
  core: {
    may: [],
    packages: ["zod", "json-p3", "ipaddr.js"],
    why: "core holds rules without I/O. A clock or I/O comes in as an argument.",
  },
  node: {
    may: [THROWN],
    packages: ["node:"],
    why: "node holds what every program in Node needs. It knows nothing of hubs.",
  },
  pipeline: {
    may: ["core"],
    packages: [],
    why: "A step of the pipeline declares what it needs as Deps; worker/ or objects/ passes it in.",
  },
  platform: {
    may: ["core", "pipeline"],
    packages: ["zod", "cloudflare:sockets"],
    why: "platform holds the bindings and their types. What uses them belongs in objects/ or worker/.",
  },
  probes: {
    may: ["core", "platform/internet.ts", "platform/looks.ts"],
    packages: ["node:crypto", "node:zlib", "@mongodb-js/saslprep"],
    why: "A probe asks one target. Who asks, and when, belongs in objects/ or worker/.",
  },
  store: {
    may: ["core"],
    packages: SQL,
    why: "The store holds the SQL. What combines it with another adapter belongs in objects/, http/ or worker/.",
  },
  nats: {
    may: ["core", "platform"],
    packages: ["nats.ws", "zod", "cloudflare:workers"],
    why: "nats gets what it needs of the board through the bindings in platform/.",
  },
  federation: {
    may: ["core"],
    packages: ["http-message-sig"],
    why: "federation speaks with other hubs. What it stores or schedules comes in as Deps from objects/.",
  },
  objects: {
    may: ["core", "platform", "pipeline", "probes", "store", "federation", ROOT_FILE],
    packages: ["cloudflare:workers"],
    why: "Objects are below http; SQL belongs in store/, NATS in nats/, which objects reach through the bindings.",
  },
  http: {
    may: ["core", "platform", "store", "federation", "nats/health.ts", ROOT_FILE],
    packages: [...HONO, "@hono/zod-openapi", "zod", "yaml"],
    why: "SQL belongs in store/; http reaches objects, probes and the pipeline through the HubContext of worker/.",
  },
  worker: {
    may: ["core", "platform", "pipeline", "probes", "store", "nats", "federation", "objects", "http"],
    packages: ["zod"],
    why: "The worker joins the parts of the hub. SQL belongs in store/, programs for Node in cli/.",
  },
  client: {
    may: ["core"],
    types: ["http/app.ts"],
    packages: ["hono/client"],
    why: "The client also runs in browsers: it has core, and of the API only its types.",
  },
  dashboard: {
    may: ["core", "client"],
    types: ["http/app.ts"],
    packages: [
      ...[
        "react",
        "react-dom/client",
        "wouter",
        "wouter/use-browser-location",
        "@tanstack/",
        "hono/client",
        "zod",
        "yaml",
        "chart.js",
        "codemirror",
      ],
      ...["@codemirror/", "@lezer/", "@xyflow/", "elkjs/", "vite", "@vitejs/", "@tailwindcss/"],
    ],
    why: "The dashboard knows a hub by the types of the API, the client and core.",
  },
  agent: {
    may: ["core", "node", "probes", "client", ROOT_FILE],
    packages: ["node:", "zod", "yaml", "ws", "dockerode"],
    why: "An agent shares the rules (core), the probes and the client with the hub, and nothing else.",
  },
  backup: {
    may: ["core", "node", ROOT_FILE],
    packages: ["node:", "zod"],
    why: "backup knows the files of a local hub. What starts a hub belongs in cli/.",
  },
  command: {
    may: ["core", "node", "backup", "client", "agent/run-agent.ts", ROOT_FILE],
    packages: ["node:", "yaml", "hono/client"],
    why: "The commands know a hub by the client and core. What starts a hub belongs in cli/.",
  },
  cli: {
    may: ["core", "node", "backup", "client", "command"],
    packages: ["node:", "zod", "esbuild", "miniflare", "wrangler"],
    why: "cli builds and starts a hub in Node. It bundles the worker and imports none of its files.",
  },
  relay: {
    may: [THROWN, "node", "cli/start/port.ts"],
    packages: ["node:", "@nats-io/"],
    why: "The relay is a program beside NATS servers. It knows no hub.",
  },
  demo: {
    may: [THROWN, "node", "cli", "relay"],
    packages: ["node:"],
    why: "The demo starts the programs of cli/ and relay/ as a user does.",
  },
};

const TABLE = "the table in test/layers.ts";
/** `import … from`, `export … from` and `import "…"`, as Biome formats them. */
const STATIC = /^(?:import|export)\s+(type\s)?\s*(?:[\w$*{][^"'`;=]*?\sfrom\s+)?"([^"]+)"/gm;
/** `import("…")`, as a call and as a type. */
const DYNAMIC = /\bimport\(\s*(?:\/\*[^*]*\*\/\s*)?["'`]([^"'`]+)["'`]/g;

export function importsOf(text: string): { name: string; isType: boolean }[] {
  return [
    ...[...text.matchAll(STATIC)].map(([, type, name = ""]) => ({ name, isType: type !== undefined })),
    ...[...text.matchAll(DYNAMIC)].map(([, name = ""]) => ({ name, isType: false })),
  ];
}

/** What is wrong with the imports of a file; `file` is its place below src/. */
export function wrongImports(file: string, text: string): string[] {
  const folder = folderOf(file);
  const layer = LAYERS[folder];
  if (layer === undefined) return [`src/${file}: no row for src/${folder}. Place it in ${TABLE}.`];
  return importsOf(text).flatMap(({ name, isType }) => {
    if (!isAllowed(file, name, isType, layer)) return [`src/${file}: "${name}" is refused. ${layer.why} See ${TABLE}.`];
    return [];
  });
}

function isAllowed(file: string, name: string, isType: boolean, { may, types = [], packages }: Layer): boolean {
  if (!name.startsWith("."))
    return packages.some((each) => name === each || (/[:/]$/.test(each) && name.startsWith(each)));
  const target = relative("src", join("src", dirname(file), name)).replace(/^\.\.\/package\.json$/, ROOT_FILE);
  const folder = folderOf(target);
  return (
    folder === folderOf(file) || may.includes(folder) || may.includes(target) || (isType && types.includes(target))
  );
}

const folderOf = (file: string) => file.split("/")[0] ?? "";

/** Rows that name a folder which is not in a row above. */
export function wrongRows(): string[] {
  const names = Object.keys(LAYERS);
  return Object.entries(LAYERS).flatMap(([name, { may, types = [] }]) =>
    [...may, ...types]
      .filter((each) => each !== ROOT_FILE && !names.slice(0, names.indexOf(name)).includes(folderOf(each)))
      .map((each) => `${name} names ${each}, which is not in a row above it in ${TABLE}.`),
  );
}

if (import.meta.main) {
  const src = fileURLToPath(new URL("../src", import.meta.url));
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => /\.[cm]?tsx?$/.test(file));
  const wrong = [...wrongRows(), ...files.flatMap((file) => wrongImports(file, readFileSync(join(src, file), "utf8")))];
  for (const each of wrong) console.error(each);
  if (wrong.length > 0) process.exit(1);
}
