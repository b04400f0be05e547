/** The store and the feed for every page. */
import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { answerOf, api } from "../api/client.ts";
import { recentFlipsQuery, sessionQuery } from "../api/queries.ts";
import { type Feed, type FeedState, startFeed } from "./feed.ts";
import type { Frame } from "./frames.ts";
import type { ServiceRow } from "./service-row.ts";
import { ServiceStore, type Snapshot } from "./service-store.ts";

interface Live {
  store: ServiceStore;
  feed: FeedState;
  retry(): void;
}

const LiveContext = createContext<Live | null>(null);
/** Registered services looked up one by one; more at once are left to the next listing. */
const MAX_LOOK_UPS = 20;
/** What the graph and the lists of projects show changes with a flip, but need not change with each of a storm. */
const REFRESH_AFTER_MS = 400;
const REFRESHED = [["graph"], ["projects"]];

export function LiveProvider({ children }: { children: ReactNode }) {
  const [store] = useState(() => new ServiceStore((run, ms) => setTimeout(run, ms)));
  const [feed, setFeed] = useState<FeedState>({ phase: "connecting" });
  const running = useRef<Feed | null>(null);
  const client = useQueryClient();
  const refresh = useRefresh();
  useEffect(() => {
    const lookUp = lookUps(store);
    const frame = (heard: Frame) => {
      store.apply(heard);
      if (heard.type === "registered") lookUp(heard.service.id);
      if (heard.type !== "health") refresh();
    };
    const open = (path: string) => new WebSocket(new URL(path, location.href.replace(/^http/, "ws")));
    const state = (next: FeedState) => {
      setFeed(next);
      // It may have been refused rather than lost: the key may be revoked.
      if (next.phase === "lost") void client.invalidateQueries({ queryKey: sessionQuery.queryKey });
    };
    const started = startFeed({ open, now: Date.now, random: Math.random, frame, state });
    running.current = started;
    const online = () => started.retry();
    window.addEventListener("online", online);
    return () => {
      window.removeEventListener("online", online);
      started.stop();
    };
  }, [store, refresh, client]);
  useRecentFlips(store);
  const live = useMemo(() => ({ store, feed, retry: () => running.current?.retry() }), [store, feed]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

/** Asks again for what a frame may have changed, once for many frames. */
function useRefresh(): () => void {
  const client = useQueryClient();
  return useMemo(() => {
    let waits = false;
    const ask = () => {
      waits = false;
      for (const queryKey of REFRESHED) void client.invalidateQueries({ queryKey });
    };
    return () => {
      if (!waits) setTimeout(ask, REFRESH_AFTER_MS);
      waits = true;
    };
  }, [client]);
}

function lookUps(store: ServiceStore): (id: number) => void {
  let pending = 0;
  return (id) => {
    if (pending >= MAX_LOOK_UPS) return;
    pending += 1;
    answerOf(api.services[":id"].$get({ param: { id: String(id) } }))
      .then((service) => store.list([service]))
      .catch(() => {}) // it went as fast as it came, or the next listing brings it
      .finally(() => {
        pending -= 1;
      });
  };
}

function useRecentFlips(store: ServiceStore): void {
  const client = useQueryClient();
  useEffect(() => {
    client
      .fetchQuery(recentFlipsQuery)
      .then((flips) => store.remember(flips))
      .catch(() => {}); // the feed tells of the next ones
  }, [client, store]);
}

export function useLive(): Live {
  const live = use(LiveContext);
  if (live === null) throw new Error("outside of LiveProvider");
  return live;
}

/** Looks up what the feed does not tell of these few services, their last error above all. */
export function useDetails(rows: readonly ServiceRow[]): void {
  const { store } = useLive();
  const asked = useRef(new Set<number>());
  useEffect(() => {
    for (const { id, listed } of rows) {
      if (listed !== null || asked.current.has(id)) continue;
      asked.current.add(id);
      answerOf(api.services[":id"].$get({ param: { id: String(id) } }))
        .then((service) => store.list([service]))
        .catch(() => {}); // the row stands without it
    }
  }, [rows, store]);
}

/** All services; renders again when they changed, a few times a second at most. */
export function useServices(): Snapshot {
  const { store } = useLive();
  return useSyncExternalStore(store.subscribe, store.read);
}
