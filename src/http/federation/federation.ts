/** `/api/federation`: the other hubs. */
import { createRoute, z } from "@hono/zod-openapi";
import { peerSchema } from "../../core/board/live-protocol.ts";
import { hubIdSchema, hubUrlSchema } from "../../core/federation/federation.ts";
import { toPeer } from "../../core/federation/peer-view.ts";
import { listHubs } from "../../store/federation/hubs.ts";
import { guard } from "../access/access.ts";
import { orNotFound, Problem, problems } from "../problem.ts";
import { routes } from "../routes.ts";
import { jsonBody, jsonResponse } from "../schemas.ts";

const tags = ["federation"];
const hubSchema = peerSchema.meta({ id: "Peer" });
const params = z.object({ hub_id: hubIdSchema });

const hubs = createRoute({
  method: "get",
  path: "/api/federation/hubs",
  operationId: "listHubs",
  tags,
  summary: "List the other hubs that this hub knows",
  description: "A key that is limited to projects knows none.",
  ...guard("read", { project: "itself" }),
  responses: {
    200: jsonResponse(z.object({ hubs: z.array(hubSchema) }).openapi("Peers"), "The other hubs"),
    ...problems(401, 403, 429),
  },
});

const join = createRoute({
  method: "post",
  path: "/api/federation/hubs",
  operationId: "joinHub",
  tags,
  summary: "Join the hub at an address",
  description: "Registers this hub there. Both hubs trust each other when they have the same join token.",
  ...guard("admin"),
  request: { body: jsonBody(z.strictObject({ url: hubUrlSchema }).openapi("JoinInput")) },
  responses: {
    200: jsonResponse(
      z
        .object({
          hub_id: z.string(),
          trust: z.enum(["approved", "pending"]).describe("How this hub trusts the other one"),
          there: z.enum(["approved", "pending"]).describe("How the other hub trusts this one"),
        })
        .openapi("Joined"),
      "The hubs know each other",
    ),
    ...problems(400, 401, 403, 409, 413, 415, 429),
  },
});

const approve = createRoute({
  method: "post",
  path: "/api/federation/hubs/{hub_id}/approve",
  operationId: "approveHub",
  tags,
  summary: "Approve a hub that waits, or that was removed",
  description: "Approves the `key` that the list of hubs shows, and no other. With `key`, only if it is that one.",
  ...guard("admin"),
  request: { params, query: z.object({ key: z.string().max(64).optional().describe("The key that you have seen") }) },
  responses: { 204: { description: "The hub is trusted" }, ...problems(400, 401, 403, 404, 409, 429) },
});

const remove = createRoute({
  method: "delete",
  path: "/api/federation/hubs/{hub_id}",
  operationId: "removeHub",
  tags,
  summary: "Remove a hub, and all that is known of it",
  description:
    "The hub is told. It comes back only when an admin approves it. Removing it a second time forgets it: it may register again then, and wait.",
  ...guard("admin"),
  request: { params },
  responses: { 204: { description: "The hub is removed" }, ...problems(400, 401, 403, 404, 429) },
});

const rotate = createRoute({
  method: "post",
  path: "/api/federation/rotate-key",
  operationId: "rotateKey",
  tags,
  summary: "Give this hub a new key",
  description: "The key before stays valid for seven days, in which the other hubs learn of the new one.",
  ...guard("admin"),
  responses: { 204: { description: "The hub has a new key" }, ...problems(401, 403, 429) },
});

export const federation = routes()
  .openapi(hubs, async (c) => {
    const { hub } = c.var;
    const rows = c.var.principal.projects === null ? await listHubs(hub.db) : [];
    const now = hub.now();
    return c.json({ hubs: rows.map((row) => toPeer(row, hub.settings.FEDERATION_INTERVAL, now)) }, 200);
  })
  .openapi(join, async (c) => {
    const joined = await c.var.hub.federation.join(c.req.valid("json").url);
    if (!joined.ok) throw new Problem(joined.error.status, joined.error.words);
    c.var.hub.audit.note("hub.joined", joined.value.hub_id);
    return c.json(joined.value, 200);
  })
  .openapi(approve, async (c) => {
    const { key = null } = c.req.valid("query");
    const approved = orNotFound(await c.var.hub.federation.approve(c.req.valid("param").hub_id, key), "hub");
    if (!approved.ok) throw new Problem(approved.error.status, approved.error.words);
    c.var.hub.audit.note("hub.approved", c.req.valid("param").hub_id);
    return c.body(null, 204);
  })
  .openapi(remove, async (c) => {
    orNotFound((await c.var.hub.federation.remove(c.req.valid("param").hub_id)) || null, "hub");
    c.var.hub.audit.note("hub.removed", c.req.valid("param").hub_id);
    return c.body(null, 204);
  })
  .openapi(rotate, async (c) => {
    await c.var.hub.federation.rotateKey();
    c.var.hub.audit.note("hub_key.rotated", c.var.hub.settings.HUB_ID);
    return c.body(null, 204);
  });
