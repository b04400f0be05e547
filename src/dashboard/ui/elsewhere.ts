/** Reads how the other hubs are. */
import { useQuery } from "@tanstack/react-query";
import { downElsewhereQuery, hubsQuery } from "../api/federation-queries.ts";
import { type Elsewhere, elsewhere, hubsWithDown } from "../model/elsewhere.ts";
import { useWholeHub } from "./session.tsx";

const REFRESH_MS = 30_000;

/** Returns null when there is nothing to say, or the caller may not know of other hubs. */
export function useElsewhere(): Elsewhere | null {
  const isWhole = useWholeHub();
  const { data: peers } = useQuery({ ...hubsQuery, enabled: isWhole, refetchInterval: REFRESH_MS });
  const hubs = hubsWithDown(peers ?? []);
  const { data: down } = useQuery({ ...downElsewhereQuery(hubs), enabled: hubs.length > 0 });
  return peers === undefined ? null : elsewhere(peers, hubs.length === 0 ? [] : (down ?? []));
}
