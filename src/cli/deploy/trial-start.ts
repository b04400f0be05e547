/** Starts a bundle in the runtime as Cloudflare does with an upload, without its bindings. */
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf } from "../../core/values/error-message.ts";
import { startRuntime } from "../start/runtime.ts";

interface Trial {
  /** The path of the module that is the entry. */
  entry: string;
  compatibilityDate: string | undefined;
  compatibilityFlags: string[];
  /** The classes of Durable Objects that the entry must export. */
  classes: readonly string[];
}

/** Returns why the bundle does not start; null: it starts. */
export async function trialStart({
  entry,
  compatibilityDate,
  compatibilityFlags,
  classes,
}: Trial): Promise<string | null> {
  const folder = `${dirname(entry)}-trial`;
  const warnings: string[] = [];
  const place = { data: join(folder, "data"), temporary: join(folder, "temporary") };
  try {
    const runtime = await startRuntime(place, {
      name: "trial",
      modules: [{ type: "ESModule", path: entry }],
      modulesRoot: dirname(entry),
      ...(compatibilityDate === undefined ? {} : { compatibilityDate }),
      compatibilityFlags,
      durableObjects: Object.fromEntries(classes.map((className) => [className, { className, useSQLite: true }])),
      handleStructuredLogs: ({ message }) => void warnings.push(message),
    });
    await runtime.dispose();
    return warnings.find((message) => message.includes("no such Durable Object class")) ?? null;
  } catch (error) {
    return messageOf(error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
