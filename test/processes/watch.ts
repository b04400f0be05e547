/** A WebSocket client of a hub that keeps what it hears. */
import type { HubProcess } from "./hub-process.ts";

export interface Frame {
  type: string;
  seq: number;
  [key: string]: unknown;
}

export interface Watching {
  frames: Frame[];
  flips(name: string): Frame[];
  close(): void;
}

export async function watch(hub: HubProcess, path = "/ws/health"): Promise<Watching> {
  const socket = new WebSocket(`${hub.url.replace("http", "ws")}${path}`, ["hub.v1", `bearer.${hub.token}`]);
  const frames: Frame[] = [];
  socket.addEventListener("message", ({ data }) => frames.push(JSON.parse(String(data))));
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve(), { once: true });
    socket.addEventListener("error", () => reject(new Error("the socket did not open")), { once: true });
  });
  return {
    frames,
    flips: (name) => frames.filter((frame) => frame.type === "flip" && frame.name === name),
    close: () => socket.close(),
  };
}
