/** A port of the loopback that answers no attempt to connect: its program never accepts, and its queue is full. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import type { Started } from "./child-process.ts";

/** Says its port, and does nothing ever after. */
const PROGRAM = `
  const server = require("node:net").createServer();
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () =>
    process.stdout.write(String(server.address().port), () =>
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)));
`;
const ANSWER_MS = 300;
const MOST_TRIES = 10;

export async function startBlackHole(): Promise<Started> {
  const child = spawn(process.execPath, ["-e", PROGRAM], { stdio: ["ignore", "pipe", "inherit"] });
  const killed = () => child.kill("SIGKILL"); // when the test runner ends without stopping us
  process.once("exit", killed);
  const [said] = await once(child.stdout, "data");
  const port = Number(String(said));
  for (let tries = 0; await connects(port); tries++) if (tries > MOST_TRIES) throw new Error("no black hole");
  return {
    port,
    stop: async () => {
      process.off("exit", killed);
      await end(child);
    },
  };
}

/** A connection that opens stays, and takes a place in the queue. */
function connects(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      socket.destroy();
      resolve(false);
    }, ANSWER_MS);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.unref();
      resolve(true);
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
