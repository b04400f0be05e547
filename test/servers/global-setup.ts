/**
 * Starts the real servers that the probes' tests talk to, and tells the tests their ports. In a process of their own:
 * vitest 5.0 crashes when an error's stack passes through a module that its global setup loaded.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import type { RunningServers } from "./test-servers.ts";

const PROGRAM = fileURLToPath(new URL("all.ts", import.meta.url));

interface Shared {
  child: ChildProcess;
  running: Promise<RunningServers>;
  /** Projects that use the servers. */
  users: number;
}

declare global {
  /** Each project has an instance of this module; the servers are the same for all. */
  var testServers: Shared | undefined;
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  globalThis.testServers ??= start();
  const shared = globalThis.testServers;
  shared.users += 1;
  const { servers, caFile } = await shared.running;
  project.provide("servers", servers);
  // What starts later trusts what these name: workerd and Node.
  process.env.SSL_CERT_FILE = caFile;
  process.env.NODE_EXTRA_CA_CERTS = caFile;
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    globalThis.testServers = undefined;
    const ended = once(shared.child, "exit");
    shared.child.disconnect();
    await ended;
  };
}

function start(): Shared {
  const child = fork(PROGRAM);
  const { promise: running, resolve, reject } = Promise.withResolvers<RunningServers>();
  child.once("message", (servers) => resolve(servers as RunningServers)); // it says nothing else
  child.once("exit", (code) => reject(new Error(`the test servers did not start (code ${code})`)));
  return { child, running, users: 0 };
}
