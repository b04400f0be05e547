/** `GET /openapi.json`: the API document. `GET /docs`: a page that shows it and loads nothing from other hosts. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Hono } from "hono";
import { version } from "../../../package.json";
import type { HubEnv } from "../context.ts";
import { routes } from "../routes.ts";

/** Its style sheet and scripts are static assets of the dashboard (src/dashboard/api-docs.tsx). */
const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>CommandCenter Hub API</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<script src="/theme.js"></script>
<link rel="stylesheet" href="/docs/api-docs.css">
<script type="module" src="/docs/api-docs.js"></script>
</head>
<body>
<div id="root"></div>
<noscript>The API is described in <a href="/openapi.json">/openapi.json</a>.</noscript>
</body>
</html>
`;

/** The page has no inline scripts and no inline styles. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const DESCRIPTION = `CommandCenter Hub checks the health of services. This API registers services and reads their health.

**Access.** Send an API key as \`Authorization: Bearer KEY\`. Each operation names the scope that it needs in its
security requirement. The scope \`admin\` includes \`write\`, and \`write\` includes \`read\`. A key of the scope \`agent\` or
\`register\` only opens the operations that name this scope. A key that is limited to \`projects\` opens them and nothing
else of the hub: lists have only what is in them, and everything else is a 403. When the hub runs with \`PUBLIC_READ\`, reading needs no key. People can
sign in instead of sending a key: \`POST /api/session\` begins a session.

**Errors** are \`application/problem+json\` (RFC 9457). For wrong input, \`errors\` names each wrong field.

**Lists** return one page at a time. Pass \`next_cursor\` of one page as \`cursor\` to get the next page.

**Federation.** \`/ws/federation?since=SEQ\` tells of the other hubs and of flips of their services in the same way.

**Live updates.** Open a WebSocket at \`/ws/health?project=ID&service=ID&since=SEQ\`; each parameter is optional.
Send the key in the \`Authorization\` header, or as \`Sec-WebSocket-Protocol: hub.v1, bearer.KEY\`, or use a ticket from
\`POST /api/tickets\` as \`?ticket=TICKET\`. Send the text \`ping\` once a minute. The hub closes a connection with the
code 1013 when it has sent much data and heard nothing from the client.

**An agent that is a vantage** opens a WebSocket at \`/ws/agents/NAME\` with its key. The hub sends
\`{"seq", "checks"}\`, and the agent answers \`{"seq", "observations"}\` with one observation for each check.`;

const TAGS = [
  { name: "projects", description: "Groups of services that are started and stopped together" },
  { name: "services", description: "What the hub checks: registering services, checking them, reading their history" },
  { name: "health", description: "The state of all services: summary, status changes, dependencies" },
  { name: "federation", description: "The other hubs that this hub knows, and the services of all hubs" },
  { name: "hub to hub", description: "What hubs ask of each other, with signed requests" },
  { name: "agents", description: "Programs beside the services that check what the hub can't reach" },
  { name: "access", description: "API keys, signing in, and tickets for WebSocket connections" },
  { name: "hub", description: "The hub's own health and metrics" },
];

/** `api`: the app whose routes the document describes. */
export function docs(api: OpenAPIHono<HubEnv>): Hono<HubEnv> {
  api.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    description: "An API key, or the admin token of the hub",
  });
  api.openAPIRegistry.registerComponent("securitySchemes", "signature", {
    type: "http",
    scheme: "signature",
    description: "An HTTP Message Signature (RFC 9421) with an Ed25519 key of a hub that this hub trusts",
  });
  let made: string | undefined; // making it takes long, and anybody may ask for it
  return routes()
    .get("/openapi.json", (c) => {
      made ??= JSON.stringify(openApiDocument(api));
      return c.body(made, 200, { "content-type": "application/json" });
    })
    .get("/docs", (c) => {
      c.header("content-security-policy", CONTENT_SECURITY_POLICY);
      return c.html(PAGE);
    });
}

/** Returns the OpenAPI document of the routes of `api`. */
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
