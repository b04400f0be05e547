/** A client of /ws/health that notes when it heard of whom. */

export interface Heard {
  /** Id of the service. */
  id: number;
  /** Unix ms, with fractions. */
  at: number;
}

export interface LiveClient {
  /** Of every health message since the start. */
  readonly heard: Heard[];
  close(): void;
}

interface Frame {
  type: string;
  services?: { id: number }[];
}

/** Resolves when the snapshot is there. */
export async function watchLive(url: string, token: string): Promise<LiveClient> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/ws/health`, ["hub.v1", `bearer.${token}`]);
  const heard: Heard[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.addEventListener("error", () => reject(new Error("/ws/health can't be opened")));
  socket.addEventListener("message", ({ data }) => {
    const at = performance.timeOrigin + performance.now();
    const frame: Frame = JSON.parse(String(data));
    if (frame.type === "snapshot") resolve();
    if (frame.type === "health") for (const { id } of frame.services ?? []) heard.push({ id, at });
  });
  await promise;
  return { heard, close: () => socket.close() };
}
