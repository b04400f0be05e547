/** Shows a status by its colour, its shape and its word. */
import type { ReactNode } from "react";
import type { Health, Status } from "../../core/service/records.ts";
import { HEALTH_WORDS, STATUS_WORDS, statusOfHealth } from "../model/status.ts";

/** The class names are written in full, because Tailwind searches the source for them. */
const STATUS_TEXT: Record<Status, string> = {
  up: "text-up",
  degraded: "text-degraded",
  down: "text-down",
  unknown: "text-unknown",
};

export const STATUS_SOFT: Record<Status, string> = {
  up: "bg-up-soft text-up",
  degraded: "bg-degraded-soft text-degraded",
  down: "bg-down-soft text-down",
  unknown: "bg-unknown-soft text-unknown",
};

/** Fill colours for SVG shapes. */
export const STATUS_FILL: Record<Status, string> = {
  up: "fill-up",
  degraded: "fill-degraded",
  down: "fill-down",
  unknown: "fill-line",
};

const SHAPES: Record<Status, ReactNode> = {
  up: <circle cx="8" cy="8" r="6" />,
  degraded: <path d="M8 1.5 15 14H1Z" strokeLinejoin="round" />,
  down: <path d="M4.9 1h6.2L15 4.9v6.2L11.1 15H4.9L1 11.1V4.9ZM5 7v2h6V7Z" fillRule="evenodd" />,
  unknown: <circle cx="8" cy="8" r="5.2" fill="none" stroke="currentColor" strokeWidth="2" strokeDasharray="3.2 2.2" />,
};

/** Shows only the shape. The caller shows the word next to it. */
export function StatusShape({ status, className = "size-3.5" }: { status: Status; className?: string }) {
  return (
    <svg
      viewBox="0 0 16 16"
      aria-hidden="true"
      className={`${className} shrink-0 ${STATUS_TEXT[status]}`}
      fill="currentColor"
    >
      {SHAPES[status]}
    </svg>
  );
}

interface StatusMarkProps {
  status: Status;
  soft?: boolean;
  narrow?: boolean;
}

/** `narrow`: where there is little room the word is only heard. */
export function StatusMark({ status, soft = false, narrow = false }: StatusMarkProps) {
  const look = soft ? `${STATUS_SOFT[status]} rounded-full px-2.5 py-0.5` : STATUS_TEXT[status];
  return (
    <span className={`inline-flex items-center gap-1.5 font-medium whitespace-nowrap ${look}`}>
      <StatusShape status={status} />
      <span className={narrow ? "max-md:sr-only" : undefined}>{STATUS_WORDS[status]}</span>
    </span>
  );
}

export function HealthMark({ health }: { health: Health }) {
  const status = statusOfHealth(health);
  return (
    <span className={`inline-flex items-center gap-1.5 font-medium whitespace-nowrap ${STATUS_TEXT[status]}`}>
      <StatusShape status={status} />
      {HEALTH_WORDS[health]}
    </span>
  );
}
