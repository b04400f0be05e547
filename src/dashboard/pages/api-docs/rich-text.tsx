import { paragraphsOf, partsOf, type TextPart } from "../../model/api-docs-text.ts";

/** Text with `code` and **bold** words, in one line. */
export function InlineText({ text }: { text: string }) {
  return partsOf(text).map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never move
    <Part key={index} {...part} />
  ));
}

export function Paragraphs({ text }: { text: string }) {
  return paragraphsOf(text).map((paragraph) => (
    <p key={paragraph} className="max-w-prose">
      <InlineText text={paragraph} />
    </p>
  ));
}

function Part({ kind, text }: TextPart) {
  if (kind === "code") return <code className="rounded-sm bg-raised px-1 font-mono">{text}</code>;
  return kind === "bold" ? <strong>{text}</strong> : text;
}
