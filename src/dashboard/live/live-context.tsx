/** The store and the feed for every page. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { Frame } from "../../core/live-protocol.ts";
import { answerOf, api } from "../api/client.ts";
import { recentFlipsQuery, sessionQuery } from "../api/queries.ts";
import { type Feed, type FeedState, startFeed } from "./feed.ts";
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
/** What is asked for again after a flip, or after a change of the registry, is asked for once for many of them. */
const REFRESH_AFTER_MS = 400;
const CHANGED_BY_FLIPS = ["graph"];
const CHANGED_BY_REGISTRY = ["projects"];

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
      if (heard.type !== "health") refresh(CHANGED_BY_FLIPS);
      if (heard.type === "registered" || heard.type === "deregistered") refresh(CHANGED_BY_REGISTRY);
      // After a long absence the feed begins anew: the changes of meanwhile stand in the database.
      if (heard.type === "snapshot") void client.invalidateQueries({ queryKey: recentFlipsQuery.queryKey });
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

/** Asks again for what a frame may have changed. */
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
  const { data: flips } = useQuery(recentFlipsQuery);
  useEffect(() => {
    if (flips !== undefined) store.remember(flips);
  }, [flips, store]);
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
