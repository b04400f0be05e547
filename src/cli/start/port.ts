/** The port that a local hub listens on. */
import { createServer } from "node:net";
import { messageOf } from "../../core/values/error-message.ts";

export class PortUnavailableError extends Error {
  override name = "PortUnavailableError";
}

/** Returns `port`; for 0, returns a free port. Throws a PortUnavailableError when the port cannot be used. */
export async function claimPort(port: number, host: string): Promise<number> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ port, host, exclusive: true }, resolve);
  try {
    await promise;
  } catch (error) {
    throw new PortUnavailableError(explain(error, port, host));
  }
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === "object" && address !== null ? address.port : port;
}

function explain(error: unknown, port: number, host: string): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") return `port ${port} is taken by another program; choose another with --port N`;
  return `can't listen on ${host}:${port}: ${messageOf(error)}`;
}
