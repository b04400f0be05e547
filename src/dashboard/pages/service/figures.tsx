import type { Figure } from "../../model/figures.ts";

/** Shows the response times and uptime of a service as numbers. */
export function Figures({ figures }: { figures: readonly Figure[] }) {
  return (
    <dl className="grid grid-cols-[repeat(auto-fit,minmax(10rem,1fr))] gap-3">
      {figures.map(({ name, value }) => (
        <div key={name} className="card flex flex-col-reverse justify-end gap-0.5 px-4 py-3">
          <dt className="text-muted">{name}</dt>
          <dd className="text-xl font-semibold tabular-nums">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
