/** `GET /openapi.json` and `GET /docs`: the API, described and browsable. No outside host is asked for anything. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Hono } from "hono";
import { version } from "../../package.json";
import type { HubEnv } from "./context.ts";
import { routes } from "./routes.ts";

/** Served as static assets: the style sheet and the bundle of swagger-ui-dist. */
const INIT_SCRIPT = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null });`;

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>CommandCenter Hub API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<noscript>The API is described in <a href="/openapi.json">/openapi.json</a>.</noscript>
<script src="/docs/swagger-ui-bundle.js"></script>
<script>${INIT_SCRIPT}</script>
</body>
</html>
`;

const DESCRIPTION = `Health of services, from the edge.

Send \`Authorization: Bearer KEY\`. Scopes: \`read\` < \`write\` < \`admin\`; \`agent\` beside them. Each operation names
the scope it needs in its security requirement. A person may sign in instead: \`POST /api/session\` keeps the key in a
cookie. Errors are \`application/problem+json\`.

WebSocket: \`/ws/health?project=ID&service=ID&since=SEQ\`, with the key in the \`Authorization\` header, in
\`Sec-WebSocket-Protocol: hub.v1, bearer.KEY\`, or with a one-time \`?ticket=\` from \`POST /api/tickets\`.
Send the text \`ping\` once a minute: a socket that takes much without a word from its client is closed with 1013.`;

const TAGS = [
  { name: "projects", description: "Groups of services that are started and stopped together" },
  { name: "services", description: "What the hub checks: registering services, checking them, reading their history" },
  { name: "health", description: "The state of all services: summary, status changes, dependencies" },
  { name: "access", description: "API keys, signing in, and tickets for WebSocket connections" },
  { name: "hub", description: "The hub's own health and metrics" },
];

/** `api`: the app whose routes are described. */
export function docs(api: OpenAPIHono<HubEnv>): Hono<HubEnv> {
  api.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    description: "An API key or the admin token",
  });
  return routes()
    .get("/openapi.json", (c) => c.json(openApiDocument(api)))
    .get("/docs", async (c) => {
      c.header("content-security-policy", await contentSecurityPolicy());
      return c.html(PAGE);
    });
}

export function openApiDocument(api: OpenAPIHono<HubEnv>) {
  return api.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "CommandCenter Hub",
      version,
      description: DESCRIPTION,
      license: { name: "MIT", url: "https://opensource.org/license/mit" },
    },
    servers: [{ url: "/", description: "The hub that serves this document" }],
    tags: TAGS,
  });
}

/** The bundle sets styles inline and shows images as data URLs. */
async function contentSecurityPolicy(): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(INIT_SCRIPT));
  const hash = new Uint8Array(digest).toBase64();
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${hash}'`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
