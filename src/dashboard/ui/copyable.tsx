import { useState } from "react";
import { Button } from "./button.tsx";
import { ScrollBox } from "./scroll-box.tsx";

/** A text with a button that copies it, for example a command or a key. */
export function Copyable({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false), // the browser forbids copying; the user can select the text
    );
  };
  return (
    <div className="flex flex-col items-start gap-2 text-left sm:flex-row">
      <ScrollBox label={what} className="w-full min-w-0 flex-1 overflow-x-auto rounded-md border border-line bg-raised">
        <pre className="px-3 py-2 font-mono text-ink">{text}</pre>
      </ScrollBox>
      <Button onClick={() => void copy()} aria-label={`Copy ${what}`}>
        <span aria-live="polite">{copied ? "Copied" : "Copy"}</span>
      </Button>
    </div>
  );
}
