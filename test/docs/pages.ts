/** The pages of the documentation, and what a reader finds in them. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Paths below the root. */
export const PAGES: readonly string[] = ["README.md", ...globSync("docs/**/*.md", { cwd: ROOT }).toSorted()];

export function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** Without examples, whose lines are indented or fenced. */
function prose(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```/gm, "").replace(/^ {4}.*$/gm, "");
}

/** What stands in code: spans in the text, and lines of examples without their comments. */
export function snippets(markdown: string): string[] {
  const blocks = markdown.matchAll(/^ {4}(.*)$/gm);
  const spans = prose(markdown).matchAll(/`([^`\n]+)`/g);
  return [...blocks, ...spans].map(([, text = ""]) => text.replace(/(^|\s)# .*$/, "").trim());
}

/** The targets of links and pictures, as they are written. */
export function linksIn(markdown: string): string[] {
  const text = prose(markdown).replace(/`[^`\n]*`/g, "code");
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
}

/** The anchors that GitHub makes of the headings. */
export function anchorsIn(markdown: string): string[] {
  const seen = new Map<string, number>();
  return [...prose(markdown).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

/** The page's path below the root that a relative link leads to, and the anchor; an empty one where there is none. */
export function targetOf(page: string, link: string): { path: string; anchor: string } {
  const [file = "", anchor = ""] = link.split("#");
  const path = file === "" ? page : relative(ROOT, join(ROOT, dirname(page), file));
  return { path, anchor };
}

/** The part of a page from its heading to the next one of the same or a higher level. Throws when there is none. */
export function section(markdown: string, heading: string): string {
  const lines = markdown.split("\n");
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, "") === heading);
  if (start < 0) throw new Error(`there is no heading ${heading}`);
  const level = /^#+/.exec(lines[start] ?? "")?.[0].length ?? 0;
  const length = lines.slice(start + 1).findIndex((line) => (/^(#+) /.exec(line)?.[1]?.length ?? 7) <= level);
  return lines.slice(start, length < 0 ? undefined : start + 1 + length).join("\n");
}

/** The rows of all tables, by their cells; without headings. */
export function rowsIn(markdown: string): string[][] {
  const rows = [...markdown.matchAll(/^\|(.*)\|$/gm)].map(([, row = ""]) => row.split("|").map((cell) => cell.trim()));
  const isRule = (cells: string[] | undefined) => cells?.every((cell) => /^-+$/.test(cell)) === true;
  return rows.filter((cells, index) => !isRule(cells) && !isRule(rows[index + 1]));
}

/** Texts in backticks. */
export function codesIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}
