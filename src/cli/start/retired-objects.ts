/** Removes what classes of Durable Objects left behind that the Worker no longer has, as `deleted_classes` does when deployed. */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { WorkerOptions } from "./worker-options.ts";

/** `data`: the folder where the runtime keeps D1 and the objects. The hub must not be running. */
export async function removeRetiredObjects(
  data: string,
  worker: Pick<WorkerOptions, "name" | "durableObjects">,
): Promise<void> {
  const objects = join(data, "do");
  const kept = new Set(Object.values(worker.durableObjects).map(({ className }) => folderOf(worker.name, className)));
  const folders = await readdir(objects).catch(() => []); // a new hub has none
  const retired = folders.filter((folder) => folder.startsWith(folderOf(worker.name, "")) && !kept.has(folder));
  await Promise.all(retired.map((folder) => rm(join(objects, folder), { recursive: true, force: true })));
}

/** The runtime keeps each class in a folder of its own. */
function folderOf(worker: string, className: string): string {
  return `${worker}-${className}`;
}
