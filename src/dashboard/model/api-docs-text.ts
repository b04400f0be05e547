/** The texts of the API document: paragraphs with `code` and **bold** words. */

export interface TextPart {
  kind: "plain" | "code" | "bold";
  text: string;
}

const MARKED = /`([^`]+)`|\*\*([^*]+)\*\*/g;

export function paragraphsOf(text: string): string[] {
  return text
    .split(/\n{2,}/)
    .map((paragraph) => paragraph.replaceAll(/\s+/g, " ").trim())
    .filter(Boolean);
}

/** Returns the parts of a paragraph. Joined, they are the paragraph without its marks. */
export function partsOf(paragraph: string): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const { 0: whole, 1: code, 2: bold = "", index } of paragraph.matchAll(MARKED)) {
    parts.push({ kind: "plain", text: paragraph.slice(end, index) });
    parts.push(code === undefined ? { kind: "bold", text: bold } : { kind: "code", text: code });
    end = index + whole.length;
  }
  parts.push({ kind: "plain", text: paragraph.slice(end) });
  return parts.filter(({ text }) => text !== "");
}
