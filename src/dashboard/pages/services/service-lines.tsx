import type { ServiceRow } from "../../live/service-row.ts";
import { ServiceHealthCard } from "./service-health-card.tsx";

/** A short list of services: all of them are rendered. The page loads their last checks with usePasts. */
export function ServiceLines({ rows }: { rows: readonly ServiceRow[] }) {
  return (
    <ul className="card overflow-hidden">
      {rows.map((row) => (
        <li key={row.id} className="h-15.5">
          <ServiceHealthCard row={row} layout="list" />
        </li>
      ))}
    </ul>
  );
}
