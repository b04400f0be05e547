/** The network between a browser and the hub, which a test can cut: whoever listens is away, and nothing else ends. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { freePort } from "../servers/child-process.ts";

export interface CuttableLink {
  /** The hub, by way of the link. */
  readonly url: string;
  cut(): Promise<void>;
  heal(): Promise<void>;
}

export async function startLink(target: string): Promise<CuttableLink> {
  const port = await freePort();
  const { hostname, port: targetPort } = new URL(target);
  const sockets = new Set<Socket>();
  let server: Server | null = null;
  const keep = (socket: Socket, other: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}); // its end says it, too
    socket.once("close", () => {
      sockets.delete(socket);
      other.destroy();
    });
    socket.pipe(other);
  };
  const link: CuttableLink = {
    url: `http://127.0.0.1:${port}`,
    async cut() {
      const running = server;
      server = null;
      if (running === null) return;
      const closed = once(running, "close");
      running.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    async heal() {
      server = createServer((socket) => {
        const upstream = connect(Number(targetPort), hostname);
        keep(socket, upstream);
        keep(upstream, socket);
      });
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
    },
  };
  await link.heal();
  return link;
}
