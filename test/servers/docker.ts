/** A real Docker engine of its own, with one image: busybox. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import Docker from "dockerode";
import { run, temporaryFolder } from "./child-process.ts";

export const IMAGE = "test/box:1.2";
const PROGRAMS = ["sh", "sleep", "httpd", "test", "touch", "rm", "echo", "cat"];
const START_LIMIT_MS = 60_000;

export interface DockerEngine {
  /** As in DOCKER_HOST. */
  host: string;
  docker: Docker;
  /** Stops the engine and starts it again on the same data. */
  restart(): Promise<void>;
  /** Stops it in the middle of whatever it does, and lets it go on. */
  freeze(): void;
  thaw(): void;
  /** The containers end with the engine. */
  stop(): Promise<void>;
}

/** `more`: further arguments of dockerd. */
export async function startDocker(more: readonly string[] = []): Promise<DockerEngine> {
  const folder = await temporaryFolder("docker");
  const at = (name: string) => join(folder.path, name);
  const socket = at("docker.sock");
  const docker = new Docker({ socketPath: socket });
  const args = [
    ...["--storage-driver=vfs", "--iptables=false", "--bridge=none", "-H", `unix://${socket}`],
    ...["--data-root", at("data"), "--exec-root", at("exec"), "--pidfile", at("pid"), "--shutdown-timeout", "2"],
    ...more,
  ];
  const start = async () => {
    const child = spawn("dockerd", args, { stdio: "ignore" });
    for (const deadline = Date.now() + START_LIMIT_MS; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
      try {
        await docker.ping();
        return child;
      } catch (error) {
        if (Date.now() > deadline || child.exitCode !== null) throw error;
      }
    }
  };
  let child = await start();
  const end = async () => {
    if (child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  };
  await importImage(docker, at("image"));
  return {
    host: `unix://${socket}`,
    docker,
    async restart() {
      await end();
      child = await start();
    },
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    async stop() {
      child.kill("SIGCONT");
      if (more.includes("--live-restore")) await removeAll(docker); // else they outlive the engine
      await end();
      for (const left of ["exec/netns/default", "data"]) await run("umount", ["-R", at(left)]).catch(() => {});
      await folder.remove();
    },
  };
}

async function removeAll(docker: Docker): Promise<void> {
  const all = await docker.listContainers({ all: true });
  await Promise.all(all.map(({ Id }) => docker.getContainer(Id).remove({ force: true })));
}

async function importImage(docker: Docker, folder: string): Promise<void> {
  mkdirSync(join(folder, "bin"), { recursive: true });
  for (const name of ["tmp", "proc", "sys", "dev", "etc"]) mkdirSync(join(folder, name));
  const { stdout } = await run("sh", ["-c", "command -v busybox"]);
  cpSync(stdout.trim(), join(folder, "bin/busybox"));
  for (const name of PROGRAMS) symlinkSync("busybox", join(folder, "bin", name));
  const archive = `${folder}.tar`;
  await run("tar", ["-C", folder, "-cf", archive, "."]);
  const [repo, tag] = IMAGE.split(":");
  const stream = await docker.importImage(archive, { repo, tag });
  await new Promise((resolve, reject) =>
    docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve(null))),
  );
}
