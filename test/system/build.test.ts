import { mkdir, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildAssets } from "../../src/cli/build/assets.ts";
import { buildWorker } from "../../src/cli/build/build.ts";
import { temporaryFolder } from "../servers/child-process.ts";

const LATER = new Date(Date.now() + 60_000);
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeEach(async () => {
  folder = await temporaryFolder("build");
});
afterEach(() => folder.remove());

const write = async (name: string, text: string) => {
  const path = join(folder.path, name);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, text);
  return path;
};

describe("the Worker's bundle", () => {
  test("is one module that asks the runtime for its own modules only", async () => {
    await write(
      "part.ts",
      `import { EventEmitter } from "events"; export const part: EventEmitter = new EventEmitter();`,
    );
    const source = await write(
      "index.ts",
      `import { env } from "cloudflare:workers"; import { part } from "./part.ts"; export default { env, part };`,
    );
    const { entry } = await buildWorker(source, join(folder.path, "out"));
    const code = await readFile(entry, "utf8");
    expect([...code.matchAll(/from\s*"([^"]+)"/g)].map(([, name = ""]) => name).sort()).toEqual([
      "cloudflare:workers",
      "node:events",
    ]);
    expect(await stat(`${entry}.map`)).toBeDefined();
  });

  test("of a broken source is refused with its place", async () => {
    const source = await write("index.ts", "import nothing from './nowhere.ts'; export default nothing;");
    await expect(buildWorker(source, join(folder.path, "out"))).rejects.toThrow(/index.ts:1:\d+: ERROR/);
  });
});

describe("the assets", () => {
  const build = () => buildAssets({ root: folder.path, target: join(folder.path, "dist/assets") });
  const page = () => readFile(join(folder.path, "dist/assets/index.html"), "utf8");

  test("are none without a dashboard", async () => {
    await build();
    expect(await readdir(join(folder.path, "dist/assets"))).toEqual([]);
  });

  test("have the files of any folder, written anew with the dashboard", async () => {
    await write("src/dashboard/index.html", "<!doctype html><title>one</title>");
    const text = () => readFile(join(folder.path, "dist/assets/docs/page.txt"), "utf8");
    await write("src/dashboard/public/docs/page.txt", "first");
    await build();
    expect(await text()).toBe("first");
    await write("src/dashboard/public/docs/page.txt", "second");
    await build();
    expect(await text()).toBe("second");
  });

  test("hold the dashboard, built again only when its sources say something else", async () => {
    const source = await write("src/dashboard/index.html", "<!doctype html><title>one</title>");
    await build();
    expect(await page()).toContain("one");
    await writeFile(join(folder.path, "dist/assets/index.html"), "untouched");
    await utimes(source, LATER, LATER);
    await write("src/dashboard/tsconfig.tsbuildinfo", "types were checked");
    await build();
    expect(await page()).toBe("untouched");
    await writeFile(source, "<!doctype html><title>two</title>");
    await build();
    expect(await page()).toContain("two");
  });

  test("are for production, whatever the process that builds them runs for", async () => {
    expect(process.env.NODE_ENV).toBe("test");
    await write("src/dashboard/index.html", '<script type="module" src="/main.js"></script>');
    await write("src/dashboard/main.js", "document.title = process.env.NODE_ENV;");
    await build();
    const [name = ""] = await readdir(join(folder.path, "dist/assets/app"));
    expect(await readFile(join(folder.path, "dist/assets/app", name), "utf8")).toContain("production");
  });

  test("keep the files of the page before, for who has it open, and no older ones", async () => {
    await write("src/dashboard/index.html", '<script type="module" src="/main.js"></script>');
    const names = async () => await readdir(join(folder.path, "dist/assets/app"));
    const buildOf = async (text: string) => {
      await write("src/dashboard/main.js", `import("./later.js").then(console.log)`);
      await write("src/dashboard/later.js", `export const text = ${JSON.stringify(text)};`);
      const before = await names().catch((): string[] => []);
      await build();
      return (await names()).filter((name) => !before.includes(name));
    };
    const first = await buildOf("first");
    const second = await buildOf("second");
    expect(await names()).toEqual(expect.arrayContaining([...first, ...second]));
    const third = await buildOf("third");
    expect((await names()).sort()).toEqual([...second, ...third].sort());
  });
});
