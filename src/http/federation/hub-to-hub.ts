/** The routes between hubs: their documents, registration, changes of the registry, events. Requests and answers are signed. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import {
  eventsSchema,
  hubDocumentSchema,
  hubIdSchema,
  readEvents,
  registrationAnswerSchema,
  registrationSchema,
  syncPageSchema,
} from "../../core/federation/federation.ts";
import { EPOCH_GAP_MS } from "../../core/time/durations.ts";
import { answerSync } from "../../federation/answer-sync.ts";
import type { ArrivedRequest } from "../../platform/bindings.ts";
import { beginSync, changesSince, markOf } from "../../store/registry/registry-changes.ts";
import { limitBody } from "../access/access.ts";
import type { HubContext, HubEnv } from "../context.ts";
import { flagSchema } from "../parameters.ts";
import { Problem, problems } from "../problem.ts";
import { routes } from "../routes.ts";
import { jsonBody, jsonResponse } from "../schemas.ts";
import { arrivedRequest, signedAnswer, signedBy } from "./signed-request.ts";

const tags = ["hub to hub"];
const signed = "The request is signed with a key of the calling hub, and the answer with one of this hub (RFC 9421).";
const security = [{ signature: [] }];
const revision = z
  .string()
  .regex(/^\d{1,15}$/, "expected a revision")
  .transform(Number)
  .openapi({ type: "integer", minimum: 0 });

const document = createRoute({
  method: "get",
  path: "/.well-known/hub",
  operationId: "getHubDocument",
  tags,
  summary: "Get the identity of this hub",
  security: [],
  responses: {
    200: jsonResponse(hubDocumentSchema.meta({ id: "HubDocument" }), "Who this hub is, and its public keys"),
    ...problems(404, 429),
  },
});

const register = createRoute({
  method: "post",
  path: "/api/federation/register",
  operationId: "registerHub",
  tags,
  summary: "Register another hub with this one",
  description: `${signed} Without a proof of the join token, the hub waits for the approval of an admin.`,
  security,
  middleware: limitBody,
  request: { body: jsonBody(registrationSchema.meta({ id: "HubRegistration" })) },
  responses: {
    200: jsonResponse(
      registrationAnswerSchema.meta({ id: "HubRegistrationAnswer" }),
      "How this hub trusts the other one",
    ),
    ...problems(400, 401, 403, 409, 413, 415, 429),
  },
});

const sync = createRoute({
  method: "get",
  path: "/api/federation/sync",
  operationId: "getRegistryChanges",
  tags,
  summary: "Get the changes of this hub's registry since a revision",
  description: signed,
  security,
  request: {
    query: z.object({
      since: revision.optional().describe("The revision that the copy has"),
      epoch: z.string().max(64).optional().describe("The epoch of the copy"),
      head: revision
        .optional()
        .describe("The revision of the hub at the page before; the same as `since` after the last page"),
      mark: z.string().max(64).optional().describe("What came with that page"),
      copying: flagSchema.optional().describe("`true`: the copy is not complete yet"),
    }),
  },
  responses: {
    200: jsonResponse(syncPageSchema.meta({ id: "RegistryChanges" }), "A page of changes"),
    204: { description: "Nothing changed" },
    ...problems(400, 401, 403, 429),
  },
});

const events = createRoute({
  method: "post",
  path: "/api/federation/events",
  operationId: "pushEvents",
  tags,
  summary: "Push flips of another hub",
  description: signed,
  security,
  middleware: limitBody,
  request: { body: jsonBody(eventsSchema.meta({ id: "FederationEvents" })) },
  responses: { 202: { description: "Accepted" }, ...problems(400, 401, 403, 413, 415, 429) },
});

const leaveSchema = z.object({ hub_id: hubIdSchema }).openapi("LeaveInput");

const leave = createRoute({
  method: "post",
  path: "/api/federation/leave",
  operationId: "leaveHub",
  tags,
  summary: "Tell this hub that the caller has removed it",
  description: signed,
  security,
  middleware: limitBody,
  request: { body: jsonBody(leaveSchema) },
  responses: { 204: { description: "This hub has removed the caller" }, ...problems(400, 401, 403, 413, 415, 429) },
});

export const hubToHub = routes()
  .openapi(document, async (c) => {
    const own = await c.var.hub.federation.document();
    if (own === null) throw new Problem(404, "this hub takes part in no federation: HUB_URL is not set");
    return await answered(c, { body: own }, await arrivedRequest(c), null);
  })
  .openapi(register, async (c) => {
    const request = await arrivedRequest(c);
    const answer = await c.var.hub.federation.register(c.req.valid("json"), request);
    if (!answer.ok) throw new Problem(answer.error.status, answer.error.words);
    c.set("peer", c.req.valid("json").hub_id);
    c.var.hub.audit.note("hub.registered", `${c.req.valid("json").hub_id} (${answer.value.trust})`);
    return await answered(c, { body: answer.value }, request, answer.value.hub.keys[0]?.kid ?? null);
  })
  .openapi(sync, async (c) => {
    const { hub } = c.var;
    const { peer, request } = await signedBy(c);
    const { since = 0, head = since, epoch = null, mark = null, copying = false } = c.req.valid("query");
    const page = await answerSync(peer.hub_id, { since, head, epoch, mark, copying }, answerDeps(hub));
    return await answered(c, page === null ? { status: 204 } : { body: page }, request, peer.known_kid);
  })
  .openapi(events, async (c) => {
    const news = readEvents(c.req.valid("json"));
    const { peer, kid, request } = await signedBy(c, news.hub_id);
    if (news.hub_id !== peer.hub_id) throw new Problem(403, "the events are of another hub than the signature");
    await c.var.hub.federation.take(peer.hub_id, news, kid);
    return await answered(c, { status: 202 }, request, peer.known_kid);
  })
  .openapi(leave, async (c) => {
    const { peer, request } = await signedBy(c);
    if (c.req.valid("json").hub_id !== peer.hub_id) throw new Problem(403, "a hub can speak for itself only");
    await c.var.hub.federation.left(peer.hub_id);
    c.set("peer", peer.hub_id);
    c.var.hub.audit.note("hub.left", peer.hub_id);
    return await answered(c, { status: 204 }, request, peer.known_kid);
  });

/** The types of the routes describe the body; the answer itself is signed text. */
async function answered(
  c: Context<HubEnv>,
  { status = 200, body = null }: { status?: 200 | 202 | 204; body?: object | null },
  request: ArrivedRequest,
  knownKid: string | null,
) {
  return (await signedAnswer(c, { status, body }, request, knownKid)) as never;
}

function answerDeps(hub: HubContext) {
  return {
    now: hub.now,
    hubId: hub.settings.HUB_ID,
    begin: (asked: Parameters<typeof beginSync>[1]) => beginSync(hub.db, asked, hub.now(), EPOCH_GAP_MS),
    changesSince: (revision: number) => changesSince(hub.db, revision),
    markOf: (revision: number) => markOf(hub.db, revision, hub.now()),
    markSecret: () => hub.federation.markSecret(),
    live: (ids: number[]) => hub.live(ids),
  };
}
