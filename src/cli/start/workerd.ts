/** Makes the runtime process end when its hub ends, even when the hub is killed. */
import { execFile } from "node:child_process";
import { access, constants, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const END_LIMIT_MS = 5_000;
const POLL_MS = 10;

interface Files {
  /** A link to the runtime. It lies in the state folder, so that the command line of the process shows its hub. */
  runtime: string;
  launcher: string;
  pid: string;
}

function filesIn(state: string): Files {
  const folder = join(state, "runtime");
  return { runtime: join(folder, "workerd"), launcher: join(folder, "launch"), pid: join(folder, "pid") };
}

/**
 * Writes the program that Miniflare starts in place of workerd, and returns its path. On Linux with setpriv, the kernel
 * kills workerd when the hub is killed. The program ignores Ctrl-C, because the hub ends workerd itself.
 */
export async function writeLauncher(state: string, environment = process.env): Promise<string> {
  const files = filesIn(state);
  await mkdir(join(state, "runtime"), { recursive: true });
  await rm(files.runtime, { force: true });
  await symlink(workerdPath(), files.runtime);
  const setpriv = process.platform === "linux" ? await findProgram("setpriv", environment.PATH ?? "") : null;
  const prefix = setpriv === null ? "" : `${quote(setpriv)} --pdeathsig KILL -- `;
  const script = [
    "#!/bin/sh",
    "trap '' INT HUP",
    `echo $$ > ${quote(files.pid)}`,
    `exec ${prefix}${quote(files.runtime)} "$@"`,
    "",
  ].join("\n");
  await writeFile(files.launcher, script, { mode: 0o755 });
  return files.launcher;
}

/** Ends a runtime that an earlier hub of this state folder has left running. The caller holds the folder's lock. */
export async function endLeftoverRuntime(state: string): Promise<void> {
  const files = filesIn(state);
  const pid = Number(await readFile(files.pid, "utf8").catch(() => ""));
  if (!Number.isSafeInteger(pid) || pid <= 1) return;
  const isOurs = async () => (await commandLine(pid)).includes(files.runtime);
  if (!(await isOurs())) return;
  process.kill(pid, "SIGKILL");
  for (const deadline = Date.now() + END_LIMIT_MS; Date.now() < deadline; ) {
    if (!(await isOurs())) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`the runtime of an earlier hub (process ${pid}) does not end`);
}

/** Returns "" when the process does not exist or is a zombie. */
async function commandLine(pid: number): Promise<string> {
  if (process.platform === "linux") {
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    return line.replaceAll("\0", " ");
  }
  const listed = await promisify(execFile)("ps", ["-o", "command=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
  return listed.stdout;
}

/** Returns the path of the runtime that Miniflare itself would start. */
function workerdPath(): string {
  const fromMiniflare = createRequire(createRequire(import.meta.url).resolve("miniflare"));
  const found: unknown = fromMiniflare("workerd");
  if (typeof found === "object" && found !== null && "default" in found && typeof found.default === "string") {
    return found.default;
  }
  throw new Error("workerd is not installed: run npm ci");
}

async function findProgram(name: string, path: string): Promise<string | null> {
  for (const folder of path.split(delimiter).filter((part) => part !== "")) {
    const program = join(folder, name);
    const runs = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return program;
  }
  return null;
}

function quote(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}
