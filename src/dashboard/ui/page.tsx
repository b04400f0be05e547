import type { ReactNode } from "react";
import { useTabTitle } from "./tab.ts";

/** The heading and content of a page. It also sets the title of the browser tab. */
export function Page({
  title,
  mark,
  beside,
  lead,
  children,
}: {
  title: string;
  /** Beside the title. */
  mark?: ReactNode;
  beside?: ReactNode;
  lead?: ReactNode;
  children: ReactNode;
}) {
  useTabTitle(title);
  return (
    <div className="mx-auto flex w-full max-w-[100rem] flex-col gap-5 p-4 sm:p-6">
      <header className="flex flex-wrap items-end justify-between gap-x-4 gap-y-3">
        <div className="flex min-w-0 flex-col gap-1">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <h1 className="text-2xl font-semibold tracking-tight wrap-anywhere">{title}</h1>
            {mark}
          </div>
          {lead !== undefined && <div className="text-muted">{lead}</div>}
        </div>
        {beside !== undefined && <div className="flex flex-wrap gap-2">{beside}</div>}
      </header>
      {children}
    </div>
  );
}

export function Section({ title, beside, children }: { title: string; beside?: ReactNode; children: ReactNode }) {
  return (
    <section className="flex min-w-0 flex-col gap-2.5">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 className="text-base font-semibold">{title}</h2>
        {beside}
      </div>
      {children}
    </section>
  );
}
