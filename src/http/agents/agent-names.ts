/** Lets an agent in: with its own key, and one process at a time. */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import {
  hostOf,
  INSTANCE_HEADER,
  type NameCaller,
  parseInstance,
  TAKE_OVER_HEADER,
  waitForName,
} from "../../core/agent/agent-instance.ts";
import { AGENT_ONLINE_MS } from "../../core/time/durations.ts";
import { type AgentRow, claimAgent, getAgent, noteRival } from "../../store/registry/agents.ts";
import type { HubContext, HubEnv, Principal } from "../context.ts";
import { orNotFound, Problem } from "../problem.ts";

export const instanceHeaders = z.object({
  [INSTANCE_HEADER]: z
    .string()
    .max(512)
    .optional()
    .describe(
      "The agent's process: id of its state folder, a blank, name of its machine. Another one is refused (409)",
    ),
  [TAKE_OVER_HEADER]: z.literal("yes").optional().describe("Take the name from another process that has it"),
});

const UNKNOWN_HOST = "a machine that it does not tell";

/** An agent's key opens nothing of another agent. */
async function requireOwn(hub: HubContext, principal: Principal, name: string): Promise<AgentRow> {
  if (principal.scope === "agent" && principal.agent !== name) throw new Problem(403, "this belongs to another agent");
  return orNotFound(await getAgent(hub.db, name), "agent");
}

/** Returns the process that calls; null: an older agent, or a person with a key of an admin. Throws for another one. */
export async function admitAgent(c: Context<HubEnv>, name: string, principal: Principal): Promise<string | null> {
  const { hub } = c.var;
  const holder = await requireOwn(hub, principal, name);
  const instance = parseInstance(c.req.header(INSTANCE_HEADER));
  if (instance === null && principal.scope !== "agent") return null;
  const caller = { instance, takesOver: c.req.header(TAKE_OVER_HEADER) === "yes" };
  await requireName(hub, holder, caller);
  if (holder.instance === instance || (await claimAgent(hub.db, holder, instance, hub.now()))) return instance;
  // Another one was quicker.
  await requireName(hub, orNotFound(await getAgent(hub.db, name), "agent"), { instance, takesOver: false });
  return instance;
}

async function requireName({ db, now }: HubContext, holder: AgentRow, caller: NameCaller): Promise<void> {
  const wait = waitForName(holder, caller, now());
  if (wait === 0) return;
  const { name, instance } = holder;
  await noteRival(db, name, hostOf(caller.instance) ?? UNKNOWN_HOST, now());
  throw new Problem(
    409,
    `an agent on ${hostOf(instance) ?? UNKNOWN_HOST} has the name ${name} now: stop it, give this one another name, or start this one with --take-over`,
    { headers: { "retry-after": String(Math.ceil(wait / 1_000)) } },
  );
}

/** Returns the trouble with the agent's name, for a person; null: there is none. `now`: Unix ms. */
export function rivalryOf({ instance, host, rival, rival_at }: AgentRow, now: number): string | null {
  if (rival === null || rival_at === null || Math.abs(now - rival_at) > AGENT_ONLINE_MS) return null;
  return `two agents have this name: one on ${hostOf(instance) ?? host ?? UNKNOWN_HOST}, and one on ${rival}, which is refused: stop one of them, or give it a name of its own`;
}
