import type { ReactNode } from "react";

/** A named box with its own scroll bar. It can have the focus, so that the keyboard can scroll it. */
export function ScrollBox({
  label,
  className = "",
  children,
}: {
  label: string;
  className?: string;
  children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for controls
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must reach a scrolling element
    <div role="group" aria-label={label} tabIndex={0} className={className}>
      {children}
    </div>
  );
}
