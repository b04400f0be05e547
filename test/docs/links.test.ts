import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { anchorsIn, linksIn, PAGES, ROOT, read, snippets, targetOf } from "./pages.ts";

const MAX_README_BYTES = 7_000;

const isRelative = (link: string) => !/^[a-z]+:/.test(link);
const anchors = new Map(PAGES.map((page) => [page, anchorsIn(read(page))]));

/** Links of the page that lead nowhere. */
function deadLinks(page: string): string[] {
  return linksIn(read(page))
    .filter(isRelative)
    .filter((link) => {
      const { path, anchor } = targetOf(page, link);
      if (path.startsWith("..") || !existsSync(join(ROOT, path))) return true;
      return anchor !== "" && anchors.get(path)?.includes(anchor) !== true;
    });
}

describe("pages", () => {
  test.each(PAGES)("every relative link and anchor of %s leads somewhere", (page) => {
    expect(deadLinks(page)).toEqual([]);
  });

  test("each page can be reached from the README", () => {
    const reached = new Set(["README.md"]);
    for (const page of reached) {
      if (!PAGES.includes(page)) continue;
      for (const link of linksIn(read(page)).filter(isRelative)) reached.add(targetOf(page, link).path);
    }
    expect(PAGES.filter((page) => !reached.has(page))).toEqual([]);
  });

  test("the README is a door of at most 7 KB", () => {
    expect(Buffer.byteLength(read("README.md"))).toBeLessThanOrEqual(MAX_README_BYTES);
  });

  test("each script that a page names exists", () => {
    const named = PAGES.flatMap((page) =>
      snippets(read(page)).flatMap((text) => [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = ""]) => name)),
    );
    expect(named.length).toBeGreaterThan(20);
    expect(new Set(named).difference(new Set(Object.keys(packageJson.scripts)))).toEqual(new Set());
  });

  test("each script has its line in the commands", () => {
    const text = read("docs/CONTRIBUTING.md") + read("docs/commands.md");
    const shortly = new Set(["start", "test"]);
    const missing = Object.keys(packageJson.scripts).filter(
      (name) => !text.includes(`| \`npm ${shortly.has(name) ? "" : "run "}${name}\` |`),
    );
    expect(missing).toEqual([]);
  });

  test("each page that the code names exists", () => {
    const files = [...globSync("{src,test}/**/*.{ts,tsx}", { cwd: ROOT }), "wrangler.toml"];
    const named = files.flatMap((file) => [...read(file).matchAll(/\bdocs\/[\w./-]+\.md\b/g)].map(([name]) => name));
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
  });

  test("each file of the project that a page names exists", () => {
    const named = PAGES.flatMap((page) =>
      snippets(read(page)).filter((text) => /^(src|test|migrations)\/[\w./-]+$/.test(text)),
    );
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
  });

  test("the changelog knows the version of the package", () => {
    expect(read("docs/CHANGELOG.md")).toContain(`## [${packageJson.version}]`);
  });
});

describe("the reader of pages", () => {
  test("finds links in text and tables, and none in code", () => {
    expect(linksIn("| [a](b.md#c) | `[d](e)` |\n\n![f](g.png)\n\n    [h](i)\n")).toEqual(["b.md#c", "g.png"]);
  });

  test("makes anchors as GitHub does", () => {
    expect(anchorsIn("# What a hub does\n## The `hub` command\n## A, b: c\n## A, b: c\n")).toEqual([
      "what-a-hub-does",
      "the-hub-command",
      "a-b-c",
      "a-b-c-1",
    ]);
  });
});
