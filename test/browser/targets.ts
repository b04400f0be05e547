/** Services to be watched: HTTP servers that go down and come up again on the same port. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { freePort } from "../servers/child-process.ts";

export interface Target {
  url: string;
  up(): Promise<void>;
  down(): Promise<void>;
}

/** `isWell` false: it answers 503, as what needs a service that is away does. `delay`: before it answers, milliseconds. */
export async function startTarget(
  isWell: () => boolean = () => true,
  body = '{"status":"pass"}',
  delay: () => number = () => 0,
): Promise<Target> {
  const port = await freePort();
  let server: Server | null = null;
  const target: Target = {
    url: `http://127.0.0.1:${port}/health`,
    async up() {
      server = createServer((_, response) => {
        const answer = () => {
          response.writeHead(isWell() ? 200 : 503, { "content-type": "application/json", connection: "close" });
          response.end(body);
        };
        setTimeout(answer, delay());
      });
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
    },
    async down() {
      const running = server;
      server = null;
      if (running === null) return;
      running.closeAllConnections();
      await new Promise((closed) => running.close(closed));
    },
  };
  await target.up();
  return target;
}
