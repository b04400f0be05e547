/** `hub export`: the manifests of the projects, in the form that `hub apply` takes. */
import type { CommandLine } from "./command-line.ts";
import { connect } from "./connection.ts";
import { EXIT, type HubIo } from "./hub-io.ts";
import { allProjects, projectServices, requireProject } from "./lists.ts";
import { exportedManifest, manifestsYaml } from "./manifest-file.ts";

/** Returns the exit code. */
export async function exportManifests(line: CommandLine, io: HubIo): Promise<number> {
  const { client } = await connect(line, io);
  const reference = line.text("project");
  const projects = reference === undefined ? await allProjects(client) : [await requireProject(client, reference)];
  const manifests: ReturnType<typeof exportedManifest>[] = [];
  for (const project of projects) {
    const services = await projectServices(client, project);
    const hidden = services.filter(({ hidden }: { hidden?: string[] }) => (hidden ?? []).length > 0).length;
    if (hidden > 0)
      throw new Error(
        `the key does not see all options of ${hidden} service${hidden === 1 ? "" : "s"}: an export needs the scope write`,
      );
    manifests.push(exportedManifest(project, services));
  }
  if (manifests.length === 0) io.err("the hub has no projects");
  if (!line.has("json")) io.out(manifestsYaml(manifests).trimEnd());
  else io.out(JSON.stringify(reference === undefined ? manifests : manifests[0], null, 2));
  return EXIT.done;
}
