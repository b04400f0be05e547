/** `/api/audit`: who changed what. And the middleware that writes it down. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { AUDIT_ACTIONS } from "../../core/hub/audit.ts";
import { errorText, log } from "../../platform/log.ts";
import { type AuditActor, listAudit, writeAudit } from "../../store/access/audit.ts";
import type { HubEnv, Principal } from "../context.ts";
import { idSchema, pageQuery } from "../parameters.ts";
import { problems } from "../problem.ts";
import { routes } from "../routes.ts";
import { jsonResponse } from "../schemas.ts";
import { guard } from "./access.ts";

const entrySchema = z
  .object({
    id: z.int(),
    at: z.iso.datetime(),
    actor: z.string().describe("The name of the key; or `admin token`, `hub HUB_ID`, `nobody`"),
    key_id: z.int().nullable().describe("null: it was no key"),
    address: z.string().describe("From which the request came"),
    action: z.enum(AUDIT_ACTIONS),
    targets: z.array(z.string()).describe("Names of what was changed, at most 50: `project/name` of a service"),
    count: z.int().describe("Number of all targets"),
    fields: z.array(z.string()).describe("Names of the fields that were changed, never their values"),
  })
  .openapi("AuditEntry");

const list = createRoute({
  method: "get",
  path: "/api/audit",
  operationId: "listAudit",
  tags: ["access"],
  summary: "List who changed what, the newest first",
  description:
    "Changes of the registry, keys, agents and hubs, and who signed in, kept for a year. What changes nothing is not listed; sign-ins that were refused are counted by the minute.",
  ...guard("admin"),
  request: {
    query: z.object({
      limit: pageQuery.shape.limit,
      before: idSchema.optional().describe("`next_before` of the page before"),
      action: z.enum(AUDIT_ACTIONS).optional(),
      key: idSchema.optional().describe("Id of the key"),
    }),
  },
  responses: {
    200: jsonResponse(
      z
        .object({
          entries: z.array(entrySchema),
          next_before: z.int().nullable().describe("`before` of the next page; null on the last page"),
        })
        .openapi("AuditPage"),
      "A page of the log",
    ),
    ...problems(400, 401, 403, 429),
  },
});

export const audit = routes().openapi(list, async (c) => {
  const { limit, before, action, key } = c.req.valid("query");
  const rows = await listAudit(c.var.hub.db, { action, key_id: key }, { limit, before });
  const entries = rows.map(({ at, ...row }) => ({ ...row, at: new Date(at).toISOString() }));
  return c.json({ entries, next_before: rows.length < limit ? null : (rows.at(-1)?.id ?? null) }, 200);
});

/** Writes down what the request did, also when it failed afterwards. A log that can't be written fails no request. */
export async function keepAudit(c: Context<HubEnv>, next: () => Promise<void>): Promise<void> {
  await next();
  const { hub } = c.var;
  const entries = hub.audit.take();
  if (entries.length === 0) return;
  try {
    await writeAudit(hub.db, entries, actorOf(c), hub.now());
  } catch (error) {
    log("error", "audit.not_written", { entries: entries.map(({ action }) => action), error: errorText(error) });
  }
}

function actorOf(c: Context<HubEnv>): AuditActor {
  const address = c.var.hub.requestIp;
  const principal: Principal | undefined = c.get("principal"); // routes without a guard set none
  if (principal !== undefined) return { actor: "admin token", key_id: principal.key, address };
  const peer = c.get("peer");
  return { actor: peer === undefined ? "nobody" : `hub ${peer}`, key_id: null, address };
}
