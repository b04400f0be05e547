/** Gives every page the store of services and the state of the connection. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { type Feed, type FeedState, startFeed } from "../../client/feed.ts";
import { parseFrame } from "../../client/frames.ts";
import type { Frame } from "../../core/board/live-protocol.ts";
import { api, responseBody } from "../api/client.ts";
import { recentFlipsQuery, type Service, sessionQuery } from "../api/queries.ts";
import { KnownDays } from "./days.ts";
import { daysLoader } from "./days-loader.ts";
import { Listing, type Progress } from "./listing.ts";
import { pastLoader } from "./past-loader.ts";
import { readDays } from "./read-days.ts";
import type { ScreenLoader } from "./screen-loader.ts";
import type { ServiceRow } from "./service-row.ts";
import { ServiceStore, type Snapshot } from "./service-store.ts";
import { onSession } from "./session-channel.ts";

interface Live {
  store: ServiceStore;
  pasts: ScreenLoader;
  days: KnownDays;
  daysOnScreen: ScreenLoader;
  listing: Listing;
  feed: FeedState;
  retry(): void;
}

const LiveContext = createContext<Live | null>(null);
/** At most this many new services are requested at the same time. The next listing brings the others. */
const MAX_LOOK_UPS = 20;
/** After a flip or a change of the registry, queries wait this long, so that many changes cause one request. */
const REFRESH_AFTER_MS = 400;
const CHANGED_BY_FLIPS = [["graph"], ["outages"]];
const CHANGED_BY_REGISTRY = ["projects"];

export function LiveProvider({ children }: { children: ReactNode }) {
  const [store] = useState(() => new ServiceStore((run, ms) => setTimeout(run, ms)));
  const [pasts] = useState(() => pastLoader(store));
  const [days] = useState(() => new KnownDays());
  const [daysOnScreen] = useState(() => daysLoader(days, readDays));
  const [listing] = useState(() => new Listing(store));
  const [feed, setFeed] = useState<FeedState>({ phase: "connecting" });
  const running = useRef<Feed | null>(null);
  const client = useQueryClient();
  const refresh = useRefresh();
  useEffect(() => {
    const lookUp = limitedLookUp(store);
    const onFrame = (frame: Frame) => {
      store.apply(frame);
      lookUpAfter(frame, lookUp, listing);
      if (frame.type !== "health") for (const key of CHANGED_BY_FLIPS) refresh(key);
      if (frame.type === "registered" || frame.type === "deregistered" || frame.type === "project")
        refresh(CHANGED_BY_REGISTRY);
      // A snapshot does not contain the flips that the feed missed, so they are read from the database.
      if (frame.type === "snapshot") void client.invalidateQueries({ queryKey: recentFlipsQuery.queryKey });
    };
    const open = (since: number | null) => {
      const path = since === null ? "/ws/health" : `/ws/health?since=${since}`;
      return new WebSocket(new URL(path, location.href.replace(/^http/, "ws")));
    };
    const onState = (next: FeedState) => {
      setFeed(next);
      // The hub may have refused the connection because the key is revoked, so the session is read again.
      if (next.phase === "lost") void client.invalidateQueries({ queryKey: sessionQuery.queryKey });
      // The hub answers again, so what could not be loaded is asked for once more.
      if (next.phase === "live") void client.refetchQueries({ predicate: ({ state }) => state.status === "error" });
    };
    const started = startFeed({ open, parse: parseFrame, now: Date.now, random: Math.random, onFrame, onState });
    running.current = started;
    const online = () => started.retry();
    window.addEventListener("online", online);
    const forget = onSession((change) => change === "in" && started.retry());
    return () => {
      forget();
      window.removeEventListener("online", online);
      started.stop();
    };
  }, [store, listing, refresh, client]);
  useRecentFlips(store);
  const live = useMemo(
    () => ({ store, pasts, days, daysOnScreen, listing, feed, retry: () => running.current?.retry() }),
    [store, pasts, days, daysOnScreen, listing, feed],
  );
  return <LiveContext value={live}>{children}</LiveContext>;
}

/** Returns a function that reads a query again after REFRESH_AFTER_MS. */
function useRefresh(): (queryKey: readonly string[]) => void {
  const client = useQueryClient();
  return useMemo(() => {
    const waiting = new Set<readonly string[]>();
    return (queryKey) => {
      if (waiting.has(queryKey)) return;
      waiting.add(queryKey);
      setTimeout(() => {
        waiting.delete(queryKey);
        void client.invalidateQueries({ queryKey });
      }, REFRESH_AFTER_MS);
    };
  }, [client]);
}

/** Loads what the feed does not tell of a change of the registry. */
function lookUpAfter(frame: Frame, lookUp: LookUp, listing: Listing): void {
  switch (frame.type) {
    case "registered":
      lookUp(frame.service.id, () => true);
      break;
    case "deregistered":
      // A service that is disabled or paused stays in the list; the feed says only that it is not watched any more.
      lookUp(frame.service.id, ({ enabled }) => !enabled);
      break;
    case "project":
      void listing.reload(frame.project.id);
      break;
    default:
      break;
  }
}

type LookUp = (id: number, wanted: (service: Service) => boolean) => void;

/** The function adds the service to the store when it is `wanted`. */
function limitedLookUp(store: ServiceStore): LookUp {
  let pending = 0;
  return (id, wanted) => {
    if (pending >= MAX_LOOK_UPS) return;
    pending += 1;
    responseBody(api.services[":id"].$get({ param: { id: String(id) } }))
      .then((service) => store.addListed([service].filter(wanted)))
      .catch(() => {}) // the service is deleted already, or the next listing brings it
      .finally(() => {
        pending -= 1;
      });
  };
}

function useRecentFlips(store: ServiceStore): void {
  const { data: flips } = useQuery(recentFlipsQuery);
  useEffect(() => {
    if (flips !== undefined) store.addFlips(flips);
  }, [flips, store]);
}

export function useLive(): Live {
  const live = use(LiveContext);
  if (live === null) throw new Error("outside of LiveProvider");
  return live;
}

/** Loads the details that the feed does not send, for example the last error. `rows` must be few. */
export function useDetails(rows: readonly ServiceRow[]): void {
  const { store } = useLive();
  const asked = useRef(new Set<number>());
  useEffect(() => {
    for (const { id, listed } of rows) {
      if (listed !== null || asked.current.has(id)) continue;
      asked.current.add(id);
      responseBody(api.services[":id"].$get({ param: { id: String(id) } }))
        .then((service) => store.addListed([service]))
        .catch(() => {}); // the row is shown without details
    }
  }, [rows, store]);
}

/** Loads the last checks of the rows that are on the screen. A page has one such list. */
export function usePasts(rows: readonly ServiceRow[]): void {
  const { pasts } = useLive();
  useEffect(() => pasts.show(rows.map(({ id }) => id)), [rows, pasts]);
  useEffect(() => () => pasts.stop(), [pasts]);
}

/** Loads the details of all services, and returns how far that is. */
export function useListing(): Progress {
  const { listing } = useLive();
  useEffect(() => listing.ensure(), [listing]);
  return useSyncExternalStore(listing.subscribe, listing.read);
}

/** Returns all services. Renders again when they change, at most a few times a second. */
export function useServices(): Snapshot {
  const { store } = useLive();
  return useSyncExternalStore(store.subscribe, store.read);
}
