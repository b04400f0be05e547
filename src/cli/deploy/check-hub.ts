/** `npm run deploy -- --check URL`: asks a deployed hub to check itself, and removes every trace of that again. */
import { z } from "zod";
import { createHubClient, type HubClient } from "../../client/hub-client.ts";
import { expectSuccess, HubProblem, responseBody } from "../../client/problem.ts";
import { printable } from "../../command/text.ts";
import { messageOf } from "../../core/values/error-message.ts";

const REQUEST_LIMIT_MS = 10_000;
/** The cron comes each minute. A first round may wait for it. */
const UP_LIMIT_MS = 90_000;
const POLL_MS = 1_000;
/** The shortest interval that a hub allows, and the longest timeout that is less than that. Seconds. */
const INTERVAL_S = 5;
const TIMEOUT_S = 4;
const SERVICE = "self";
const CLEANING_TRIES = 3;

const healthSchema = z.object({
  status: z.enum(["pass", "warn", "fail"]),
  version: z.string(),
  serviceId: z.string(),
  checks: z.record(z.string(), z.array(z.object({ status: z.string(), output: z.string().optional() }))),
});
type Health = z.infer<typeof healthSchema>;

export interface HubCheckIo {
  /** The hub, without a trailing slash. */
  url: string;
  /** Needs the scope write. It is sent to this hub only, and never shown. */
  key: string;
  out(line: string): void;
  /** Ends the check early; what it made is deleted nevertheless. */
  interrupted: AbortSignal;
  fetch: typeof fetch;
  /** Unix ms. */
  now(): number;
  /** Rejects when the signal aborts. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

interface Made {
  project: string;
  /** Whether the project was asked for and the hub did not refuse it. */
  mayExist: boolean;
  /** null: the hub did not say. */
  projectId: number | null;
  serviceId: number | null;
}

/** The message says what failed and what a person can do. It does not have the key. */
class HubCheckError extends Error {
  override name = "HubCheckError";
}

class RedirectError extends Error {
  override name = "RedirectError";
}

/** `name`: the end of the name of the project, which no other check has. Throws when a step failed. */
export async function checkHub(given: HubCheckIo, name: string): Promise<void> {
  const safe = (text: string) => printable(text).replaceAll(given.key, "(key)");
  const io: HubCheckIo = { ...given, out: (line) => given.out(safe(line)) };
  try {
    await checkSteps(io, `deploy-check-${name}`);
  } catch (error) {
    throw new HubCheckError(safe(messageOf(error)));
  }
}

async function checkSteps(io: HubCheckIo, project: string): Promise<void> {
  io.out(`Hub ${io.url}`);
  await step(io, "health", () => readHealth(io));
  const made: Made = { project, mayExist: false, projectId: null, serviceId: null };
  const trouble: string[] = [];
  try {
    await step(io, "project", () => makeProject(io, made));
    await step(io, "service", () => makeService(io, made));
    await step(io, "up", () => waitUntilUp(io, made));
  } catch (error) {
    trouble.push(messageOf(error));
  }
  try {
    const unstoppable = { ...io, interrupted: new AbortController().signal };
    if (made.mayExist) await step(unstoppable, "cleaned", () => clean(io, made));
  } catch (error) {
    trouble.push(`${messageOf(error)}\nThe project ${project} may be left on the hub: delete it on the dashboard.`);
  }
  if (trouble.length > 0) throw new HubCheckError(trouble.join("\n"));
  io.out("The hub works: it took a service, checked it and forgot it.");
}

/** Says what the step found and how long it took. No step begins after an interruption. */
async function step(io: HubCheckIo, name: string, work: () => Promise<string>): Promise<void> {
  const began = io.now();
  try {
    if (io.interrupted.aborted) throw new Error("interrupted");
    const found = await work();
    io.out(`  ok     ${name}: ${found} (${durationText(io.now() - began)})`);
  } catch (error) {
    io.out(`  FAILED ${name} (${durationText(io.now() - began)})`);
    throw new HubCheckError(`${name}: ${failureText(error)}`);
  }
}

/** Sends no key: the key goes only to an address that has proven to be a hub. */
async function readHealth(io: HubCheckIo): Promise<string> {
  const response = await sender(
    io,
    REQUEST_LIMIT_MS,
  )(`${io.url}/health`).catch((cause) => {
    throw new HubProblem(0, "the hub does not answer", { cause });
  });
  const parsed = healthSchema.safeParse(await response.json().catch(() => null));
  if (!parsed.success) {
    throw new Error(`${io.url}/health answered ${response.status}, and not as a hub does; is the URL right?`);
  }
  const { status, serviceId, version } = parsed.data;
  const troubles = troublesOf(parsed.data).join("; ");
  if (status === "fail") {
    throw new Error(`the hub says that it does not work: ${troubles}; \`npx wrangler tail\` shows its log`);
  }
  return `${status}, ${serviceId}, version ${version}${troubles === "" ? "" : `; ${troubles}`}`;
}

function troublesOf({ checks }: Health): string[] {
  return Object.entries(checks).flatMap(([name, results]) =>
    results
      .filter(({ status }) => status !== "pass")
      .map(({ status, output }) => `${name} ${status}${output === undefined ? "" : ` (${output})`}`),
  );
}

async function makeProject(io: HubCheckIo, made: Made): Promise<string> {
  made.mayExist = true;
  try {
    const { id } = await responseBody(client(io).projects.$post({ json: { name: made.project } }));
    made.projectId = id;
  } catch (error) {
    made.mayExist = !(error instanceof HubProblem && error.status >= 400 && error.status < 500);
    throw error;
  }
  return `${made.project} created`;
}

async function makeService(io: HubCheckIo, made: Made): Promise<string> {
  const target = `${io.url}/health`;
  const json = {
    name: SERVICE,
    project: made.project,
    health_method: "http",
    health_url: target,
    health_interval: INTERVAL_S,
    health_timeout: TIMEOUT_S,
  } as const;
  try {
    const { id } = await responseBody(client(io).services.$post({ json }));
    made.serviceId = id;
  } catch (error) {
    const isTarget = error instanceof HubProblem && error.errors.some(({ path }) => path === "health_url");
    if (!isTarget) throw error;
    throw new Error(
      `the hub refuses to check its own address: ${error.message}; give its public address, or set ALLOW_PRIVATE_TARGETS`,
    );
  }
  return `registered, checks ${target} each ${INTERVAL_S} s`;
}

/** A poll that fails is no verdict, unless the hub refuses it. */
async function waitUntilUp(io: HubCheckIo, { serviceId }: Made): Promise<string> {
  const deadline = io.now() + UP_LIMIT_MS;
  let last = "the hub said nothing about the service";
  while (io.now() < deadline) {
    try {
      const limit = Math.max(1, Math.min(REQUEST_LIMIT_MS, deadline - io.now()));
      const request = client(io, limit).services[":id"].$get({ param: { id: String(serviceId) } });
      const { health_status, health_details, last_health_check } = await responseBody(request);
      if (health_status === "up") return `the hub reaches itself in ${health_details.latency_ms ?? "?"} ms`;
      const seen = statusText(health_status, health_details.error, last_health_check);
      if (seen !== last) io.out(`         ${seen}`);
      last = seen;
    } catch (error) {
      if (error instanceof HubProblem && [401, 403, 404].includes(error.status)) throw error;
      last = failureText(error);
    }
    await io.wait(POLL_MS, io.interrupted).catch(() => {
      throw new Error("interrupted");
    });
  }
  throw new Error(`not up after ${UP_LIMIT_MS / 1_000} s: ${last}\n${adviceFor(last)}`);
}

const NOT_CHECKED = "not checked yet";

function statusText(status: string, error: string | null, checkedAt: string | null): string {
  if (checkedAt === null) return NOT_CHECKED;
  return `${status}${error === null ? "" : `: ${error}`}`;
}

function adviceFor(last: string): string {
  return last === NOT_CHECKED
    ? "Look whether the Worker has its cron and its queues their consumers; `npx wrangler tail` shows its log."
    : "The hub must reach its own address: look at routes, DNS and Access, and at global_fetch_strictly_public in wrangler.toml.";
}

/** Deletes what was made. A project whose request failed may exist too, so it is looked up by its name. */
async function clean(io: HubCheckIo, made: Made): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await remove(client(io), made);
    } catch (error) {
      if (attempt === CLEANING_TRIES) throw error;
      await io.wait(POLL_MS);
    }
  }
}

async function remove(api: HubClient, { project, projectId, serviceId }: Made): Promise<string> {
  if (serviceId !== null) await gone(api.services[":id"].$delete({ param: { id: String(serviceId) } }));
  const id = projectId ?? (await findProject(api, project));
  if (id === null) return "nothing to delete";
  await gone(api.projects[":id"].$delete({ param: { id: String(id) } }));
  return serviceId === null ? "project deleted" : "service and project deleted";
}

async function findProject(api: HubClient, name: string): Promise<number | null> {
  const { projects } = await responseBody(api.projects.$get({ query: { q: name } }));
  return projects.find((project) => project.name === name)?.id ?? null;
}

/** A thing that an earlier try has deleted is gone as well. */
async function gone(request: Parameters<typeof expectSuccess>[0]): Promise<void> {
  try {
    await expectSuccess(request);
  } catch (error) {
    if (!(error instanceof HubProblem && error.status === 404)) throw error;
  }
}

function client(io: HubCheckIo, limitMs = REQUEST_LIMIT_MS): HubClient {
  return createHubClient({ url: io.url, key: io.key, fetch: sender(io, limitMs) });
}

/** Requests that change something are not interrupted, so that it is known what they made. */
function sender(io: HubCheckIo, limitMs: number): typeof fetch {
  return async (input, init) => {
    const response = await io.fetch(input, { ...init, redirect: "manual", signal: AbortSignal.timeout(limitMs) });
    if (response.status < 300 || response.status >= 400) return response;
    await response.body?.cancel();
    throw new RedirectError(`it redirects to ${response.headers.get("location") ?? "an unnamed place"}`);
  };
}

function failureText(error: unknown): string {
  if (!(error instanceof HubProblem)) return messageOf(error);
  const { status, message, cause, errors } = error;
  if (cause instanceof RedirectError) return `${cause.message}; give the URL of the hub itself`;
  if (status === 0) return `${message} (${reasonOf(cause)}); is the URL right, and is the hub deployed?`;
  if (status === 401) return `401: ${message}; set HUB_KEY to a key of this hub, or HUB_ADMIN_TOKEN to its admin token`;
  if (status === 403) return `403: ${message}; make a key of the scope write for the check`;
  if (status === 429) return `429: ${message}; try again in a minute`;
  const fields = errors.map(({ path, message: expected }) => `${path}: ${expected}`).join("; ");
  const advice = status >= 500 ? "; `npx wrangler tail` shows the hub's log" : "";
  return `${status}: ${message}${fields === "" ? "" : ` (${fields})`}${advice}`;
}

/** Node says "fetch failed" and puts the reason into the cause. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  if (error instanceof Error && error.cause !== undefined) return reasonOf(error.cause);
  return messageOf(error);
}

function durationText(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
