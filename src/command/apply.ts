/** `hub apply`: shows what a manifest would change, and changes it. */
import { readFileSync } from "node:fs";
import type { HubClient } from "../client/hub-client.ts";
import { HubProblem, responseBody } from "../client/problem.ts";
import { nameSchema } from "../core/service/names.ts";
import { parseManifest } from "../core/service/service-rules.ts";
import { messageOf } from "../core/values/error-message.ts";
import { UsageError } from "../node/command-line.ts";
import type { CommandLine } from "./command-line.ts";
import { connect } from "./connection.ts";
import { EXIT, type HubIo } from "./hub-io.ts";
import { findProject, idOf, type Project, requireProject } from "./lists.ts";
import { type Manifest, parseManifests } from "./manifest-file.ts";
import { appliedLine, changesAnything, type Plan, type ProjectPlan, planLines } from "./plan-text.ts";
import { painter } from "./text.ts";

const CHANGES_EXIT = 2;
const BAD_REQUEST = 400;

interface Target {
  /** Name of the project. */
  name: string;
  /** Null: it does not exist yet. */
  project: Project | null;
  body: Record<string, unknown>;
}

/** Returns the exit code. */
export async function apply(line: CommandLine, io: HubIo): Promise<number> {
  const { client } = await connect(line, io);
  const targets = await findTargets(client, readManifests(line));
  const plans: ProjectPlan[] = [];
  for (const target of targets) plans.push(await planOf(client, target));
  tell(plans, line, io);
  if (line.has("dry-run")) return changesAnything(plans) ? CHANGES_EXIT : EXIT.done;
  if (!changesAnything(plans)) return EXIT.done;
  if (!line.has("yes") && !(await isConfirmed(io))) {
    io.err("nothing was changed");
    return EXIT.failed;
  }
  const applied: ProjectPlan[] = [];
  for (const [index, target] of targets.entries()) {
    applied.push(await applyTo(client, target, plans[index]?.revision ?? null));
  }
  if (!line.has("json")) io.out(appliedLine(applied));
  return EXIT.done;
}

function readManifests(line: CommandLine): Manifest[] {
  const [file = ""] = line.operands;
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(`${file} can't be read: ${messageOf(error)}`);
  }
  return withProjects(parseManifests(text, file), line.text("project"));
}

/** `--project` wins over the file, which must have only one manifest then. */
function withProjects(manifests: Manifest[], given: string | undefined): Manifest[] {
  if (given !== undefined && manifests.length > 1) {
    throw new UsageError("--project: the file has several manifests; each names its project itself");
  }
  const named = manifests.map((each) => ({ ...each, project: given ?? each.project }));
  if (named.some(({ project }) => project === null)) {
    throw new UsageError("which project? give --project P, or project: in the file");
  }
  return named;
}

async function findTargets(client: HubClient, manifests: readonly Manifest[]): Promise<Target[]> {
  const targets: Target[] = [];
  for (const { project: reference, body } of manifests) {
    const name = reference ?? "";
    const project = await findTarget(client, name);
    if (project === null && !nameSchema.safeParse(name).success) {
      throw new UsageError(`project: expected 1 to 63 of a-z, 0-9, _ and -, not ${JSON.stringify(name)}`);
    }
    targets.push({ name: project?.name ?? name, project, body });
  }
  const repeated = targets.find(({ name }, index) => targets.findIndex((each) => each.name === name) !== index);
  if (repeated !== undefined) throw new Error(`the file has two manifests for the project ${repeated.name}`);
  return targets;
}

/** An id is of a project that exists; a name may be of one that is to be made. */
async function findTarget(client: HubClient, reference: string): Promise<Project | null> {
  return idOf(reference) === null ? await findProject(client, reference) : await requireProject(client, reference);
}

async function planOf(client: HubClient, { name, project, body }: Target): Promise<ProjectPlan> {
  if (project === null) return { project: name, is_new: true, plan: planOfNew(body), revision: null };
  return { project: name, is_new: false, ...(await putManifest(client, project, body, { dryRun: true })) };
}

/** The hub plans only for a project that exists. For a new one the rules of the hub are applied here. */
function planOfNew(body: Record<string, unknown>): Plan {
  const wanted = parseManifest(body, { allowPrivate: true, mayReceive: () => true }); // what it allows only the hub knows
  if (wanted.ok) return { create: wanted.value.map(({ name }) => name), update: [], delete: [], unchanged: 0 };
  throw new HubProblem(BAD_REQUEST, "the manifest has errors", { errors: wanted.error });
}

/** `revision`: what was planned and shown; the hub refuses the manifest when the project has changed since. */
async function applyTo(
  client: HubClient,
  { name, project, body }: Target,
  revision: string | null,
): Promise<ProjectPlan> {
  const target = project ?? (await responseBody(client.projects.$post({ json: { name } })));
  return { project: name, is_new: project === null, ...(await putManifest(client, target, body, { revision })) };
}

async function putManifest(
  client: HubClient,
  { id }: Project,
  body: object,
  { dryRun = false, revision = null }: { dryRun?: boolean; revision?: string | null },
) {
  const header = revision === null ? {} : { "if-match": `"${revision}"` };
  const request = { param: { id: String(id) }, header, query: dryRun ? { dry_run: "true" as const } : {} };
  const sent = { init: { body: JSON.stringify(body) }, headers: { "content-type": "application/json" } };
  return await responseBody(client.projects[":id"].manifest.$put(request, sent));
}

function tell(plans: readonly ProjectPlan[], line: CommandLine, io: HubIo): void {
  if (line.has("json")) io.out(JSON.stringify({ plans }, null, 2));
  else for (const text of planLines(plans, painter(io))) io.out(text);
}

/** Asks on a terminal. Elsewhere nobody can answer, and who runs a script has decided. */
async function isConfirmed(io: HubIo): Promise<boolean> {
  if (io.ask === null) return true;
  const answer = await io.ask("Apply these changes? [y/N] ");
  return /^y(es)?$/i.test(answer.trim());
}
