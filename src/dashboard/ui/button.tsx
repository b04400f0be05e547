import type { ComponentProps } from "react";
import { Link, type LinkProps } from "wouter";

const LOOKS = {
  plain: "border-edge bg-surface text-ink hover:bg-raised",
  primary: "border-transparent bg-accent text-on-accent hover:opacity-90",
  danger: "border-down bg-surface text-down hover:bg-down-soft",
  quiet: "border-transparent bg-transparent text-ink hover:bg-raised",
} as const;
type Look = keyof typeof LOOKS;

const SHAPE =
  "inline-flex min-h-9 items-center justify-center gap-1.5 rounded-md border px-3 py-1.5 font-medium whitespace-nowrap disabled:opacity-60";

export function Button({ look = "plain", className = "", ...rest }: ComponentProps<"button"> & { look?: Look }) {
  return <button type="button" {...rest} className={`${SHAPE} ${LOOKS[look]} ${className}`} />;
}

/** A link to another page that looks like a button. */
export function LinkButton(props: LinkProps & { href: string }) {
  return <Link {...props} className={`${SHAPE} ${LOOKS.plain}`} />;
}
