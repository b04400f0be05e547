/** `POST /api/tickets`: tickets for WebSocket clients that cannot set headers, such as browsers. */
import { createRoute, z } from "@hono/zod-openapi";
import { problems } from "../problem.ts";
import { routes } from "../routes.ts";
import { jsonResponse } from "../schemas.ts";
import { guard } from "./access.ts";

const LIFETIME_S = 30;

const ticketSchema = z
  .object({ ticket: z.string(), expires_in: z.int().describe("Seconds until the ticket expires") })
  .openapi("Ticket");

const issue = createRoute({
  method: "post",
  path: "/api/tickets",
  operationId: "createTicket",
  tags: ["access"],
  summary: "Create a ticket that opens one WebSocket",
  description:
    "Use it as `/ws/health?ticket=TICKET` within 30 seconds. A ticket works once and has the scope of the caller.",
  ...guard("read", { project: "itself" }),
  responses: {
    201: jsonResponse(ticketSchema, "The ticket"),
    ...problems(401, 403, 429),
  },
});

export const tickets = routes().openapi(issue, async (c) => {
  const { hub, principal } = c.var;
  const ticket = await hub.ticket.issue(principal);
  return c.json({ ticket, expires_in: LIFETIME_S }, 201, { "cache-control": "no-store" });
});
