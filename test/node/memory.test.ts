import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { freeStartupMemory, HUB_FLAGS, restartWithFlags } from "../../src/node/memory.ts";
import { run, temporaryFolder } from "../servers/child-process.ts";

const MODULE = fileURLToPath(new URL("../../src/node/memory.ts", import.meta.url));
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeEach(async () => {
  folder = await temporaryFolder("memory");
});
afterEach(() => folder.remove());

/** A program that starts itself again and then says what it has become. */
async function start(environment: Record<string, string> = {}) {
  const program = join(folder.path, "program.ts");
  await writeFile(
    program,
    `import { HUB_FLAGS, restartWithFlags } from ${JSON.stringify(MODULE)};
    console.log(process.pid);
    restartWithFlags(HUB_FLAGS, {
      environment: process.env,
      flags: process.execArgv,
      program: process.execPath,
      argv: process.argv.slice(1),
      execve: process.execve?.bind(process),
    }, ${JSON.stringify(join(folder.path, "cache"))});
    const { MALLOC_ARENA_MAX, NODE_COMPILE_CACHE } = process.env;
    console.log(JSON.stringify({
      pid: process.pid,
      argv: process.argv.slice(2),
      flags: process.execArgv,
      canCollect: typeof gc === "function",
      arenas: MALLOC_ARENA_MAX,
      cache: NODE_COMPILE_CACHE,
    }));`,
  );
  const { stdout, stderr } = await run(process.execPath, [program, "--port", "0"], {
    env: { PATH: process.env.PATH, ...environment },
  });
  const [pid, ...lines] = stdout.trim().split("\n");
  return { pid: Number(pid), started: JSON.parse(lines.at(-1) ?? ""), times: lines.length, stderr };
}

describe("the process of a hub", () => {
  test("is started again once, as the same process with the same arguments, and says nothing about it", async () => {
    const { pid, started, times, stderr } = await start();
    expect(started).toEqual({
      pid,
      argv: ["--port", "0"],
      flags: expect.arrayContaining(["--max-semi-space-size=1"]),
      canCollect: true,
      arenas: "2",
      cache: join(folder.path, "cache"),
    });
    expect({ times, stderr }).toEqual({ times: 2, stderr: "" });
  });

  test("keeps what the environment says about the allocator and the cache", async () => {
    const own = join(folder.path, "own");
    const { started } = await start({ MALLOC_ARENA_MAX: "7", NODE_COMPILE_CACHE: own });
    expect(started).toMatchObject({ arenas: "7", cache: own });
  });

  test("goes on as it is where no process can be replaced", () => {
    const process = { environment: {}, flags: [], program: "node", argv: ["start.ts"], execve: undefined };
    expect(() => restartWithFlags(HUB_FLAGS, process, "cache")).not.toThrow();
  });

  test("collects its garbage once, after the first work of the hub", () => {
    vi.useFakeTimers();
    const collect = vi.fn();
    freeStartupMemory(collect);
    expect(collect).not.toHaveBeenCalled();
    vi.advanceTimersByTime(60_000);
    expect(collect).toHaveBeenCalledTimes(1);
    vi.useRealTimers();
  });
});
