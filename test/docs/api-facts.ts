/**
 * What the API says of itself: its routes and its document. The app is bundled and asked in a process of its own, because
 * the document needs schemas that know it from their beginning, and other tests of the process have made them already.
 */
import { spawnSync } from "node:child_process";
import { build } from "esbuild";
import { z } from "zod";
import { ROOT } from "./pages.ts";

const PROGRAM = `
  import { createApp } from "./src/http/app.ts";
  import { docs } from "./src/http/hub/docs.ts";
  const app = createApp(() => { throw new Error("the document needs no hub"); });
  const document = await (await docs(app).request("/openapi.json")).json();
  const routes = app.routes.map(({ method, path }) => ({ method, path }));
  process.stdout.write(JSON.stringify({ routes, document }));
`;
/** For packages that are written as CommonJS. */
const BANNER = `const require = process.getBuiltinModule("node:module").createRequire("/");`;

const operationSchema = z.object({
  security: z.array(z.record(z.string(), z.array(z.string()))).default([]),
  parameters: z.array(z.object({ in: z.string(), name: z.string() })).default([]),
});

const factsSchema = z.object({
  routes: z.array(z.object({ method: z.string(), path: z.string() })),
  document: z.object({
    paths: z.record(z.string(), z.record(z.string(), operationSchema)),
    components: z.object({
      schemas: z.object({
        HealthOptions: z.object({ properties: z.record(z.string(), z.unknown()) }),
        HealthMethod: z.object({ enum: z.array(z.string()) }),
        Verdict: z.object({ enum: z.array(z.string()) }),
        Status: z.object({ enum: z.array(z.string()) }),
      }),
    }),
  }),
});

export interface Operation {
  /** `GET /api/services/{id}`. */
  route: string;
  /** As the first cell of the scopes: `read`, or how else one is let in. */
  scopes: string[];
  /** Parameters of the query and headers. */
  parameters: string[];
}

export interface ApiFacts {
  /** All that the app answers, with sockets and what the document leaves out. */
  routes: string[];
  operations: Operation[];
  options: string[];
  methods: string[];
  verdicts: string[];
  statuses: string[];
}

export async function apiFacts(): Promise<ApiFacts> {
  const { outputFiles } = await build({
    stdin: { contents: PROGRAM, resolveDir: ROOT, loader: "ts" },
    bundle: true,
    format: "esm",
    platform: "node",
    write: false,
    logLevel: "silent",
    banner: { js: BANNER },
  });
  const input = outputFiles[0]?.text ?? "";
  const ran = spawnSync(process.execPath, ["--input-type=module"], { input, encoding: "utf8", maxBuffer: 2 ** 26 });
  if (ran.status !== 0) throw new Error(ran.stderr);
  const { routes, document } = factsSchema.parse(JSON.parse(ran.stdout));
  const { HealthOptions, HealthMethod, Verdict, Status } = document.components.schemas;
  return {
    routes: [...new Set(routes.filter(({ method }) => method !== "ALL").map(nameOf))],
    operations: Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { security, parameters }]) => ({
        route: nameOf({ method: method.toUpperCase(), path }),
        scopes: security.flatMap(({ bearer, signature }) => bearer ?? (signature === undefined ? [] : ["signature"])),
        parameters: parameters.filter((each) => each.in !== "path").map(({ name }) => name),
      })),
    ),
    options: Object.keys(HealthOptions.properties),
    methods: HealthMethod.enum,
    verdicts: Verdict.enum,
    statuses: Status.enum,
  };
}

function nameOf({ method, path }: { method: string; path: string }): string {
  return `${method} ${path.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}")}`;
}
