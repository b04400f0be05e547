/**
 * Starts the real servers that the tests in workerd talk to, and tells the tests their ports. In a process of their
 * own: vitest 5.0 crashes when an error's stack passes through a module that its global setup loaded.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import type { RunningServers } from "./test-servers.ts";

const PROGRAM = fileURLToPath(new URL("all.ts", import.meta.url));

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const child = fork(PROGRAM);
  const ended = once(child, "exit");
  const started: Promise<RunningServers[]> = once(child, "message");
  const failed = ended.then(([code]) => Promise.reject(new Error(`the test servers did not start (code ${code})`)));
  failed.catch(() => {}); // after the start it only says that they have stopped
  const [running] = await Promise.race([started, failed]);
  if (running === undefined) throw new Error("the test servers told nothing");
  project.provide("servers", running.servers);
  process.env.SSL_CERT_FILE = running.caFile; // workerd starts later and trusts what this names
  return async () => {
    child.disconnect();
    await ended;
  };
}
