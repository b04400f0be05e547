/**
 * The servers of the corpus in test/probes/corpus: each case is a file that says what a server sends, byte by byte, and
 * what a check must find. The folder's README.md describes the format.
 */
import { readdir, readFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { parse } from "yaml";
import { z } from "zod";
import { messageOf } from "../../src/core/values/error-message.ts";
import type { Certificates } from "./certificates.ts";
import type { Started } from "./child-process.ts";
import { type CorpusCase, caseSchema, PLACES, type Step, wayOf } from "./corpus-case.ts";

const FOLDER = new URL("../probes/corpus/", import.meta.url);
export interface Corpus extends Started {
  cases: CorpusCase[];
}

function parseFile(file: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new Error(`${file}: ${messageOf(error)}`);
  }
}

export async function startCorpus(certificates: Certificates): Promise<Corpus> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith(".yaml")).toSorted();
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  /** Each way has a server of its own, whose connections count from the first. */
  const listen = async (scripts: readonly Step[][]): Promise<number> => {
    let connections = 0;
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket);
      socket.on("error", () => {}).once("close", () => sockets.delete(socket));
      const script = scripts[Math.min(connections++, scripts.length - 1)] ?? [];
      play(socket, script, certificates).catch(() => socket.destroy());
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  };
  const start = async (file: string): Promise<CorpusCase> => {
    const parsed = caseSchema.safeParse(parseFile(file, await readFile(new URL(file, FOLDER), "utf8")));
    if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
    const { server: scripts, ...rest } = parsed.data;
    const places = PLACES.filter((place) => rest.only.includes(wayOf(place)));
    const ports = await Promise.all(places.map(async (place) => [place, await listen(scripts)] as const));
    return { ...rest, name: file.replace(/\.yaml$/, ""), ports: Object.fromEntries(ports) };
  };
  const cases = await Promise.all(files.map(start));
  return {
    port: 0,
    cases,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

async function play(raw: Socket, script: readonly Step[], certificates: Certificates): Promise<void> {
  let socket: Socket = raw;
  let received = "";
  const hear = (from: Socket) =>
    from
      .on("error", () => {})
      .on("data", (bytes: Buffer) => {
        received += bytes.toString("latin1");
      });
  const isOf = (kind: "expect" | "tls") => (step: Step) => typeof step === "object" && kind in step;
  /** What comes next may be TLS, which nobody else may read. */
  const isBeforeTls = (rest: readonly Step[]) => {
    const tls = rest.findIndex(isOf("tls"));
    return tls >= 0 && !rest.slice(0, tls).some(isOf("expect"));
  };
  if (!isBeforeTls(script)) hear(raw);
  for (const [index, step] of script.entries()) {
    if (raw.destroyed) return;
    if (socket === raw && isBeforeTls(script.slice(index))) raw.pause().removeAllListeners("data");
    if (step === "close") socket.end();
    else if (step === "reset") raw.resetAndDestroy();
    else if ("expect" in step) {
      while (!received.includes(step.expect)) {
        if (raw.destroyed) return;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      received = received.slice(received.indexOf(step.expect) + step.expect.length);
    } else if ("send" in step) {
      for (let count = 0; count < step.times; count++) await write(socket, Buffer.from(step.send, "latin1"));
    } else if ("text" in step) await write(socket, Buffer.from(step.text, "utf8"));
    else if ("base64" in step) await write(socket, Buffer.from(step.base64, "base64"));
    else if ("wait" in step) await new Promise((resolve) => setTimeout(resolve, step.wait));
    else socket = hear(await secured(raw, certificates, step));
  }
}

async function secured(
  raw: Socket,
  certificates: Certificates,
  { tls, version }: Extract<Step, { tls: unknown }>,
): Promise<Socket> {
  const [cert, key] = await Promise.all([readFile(certificates[tls].cert), readFile(certificates[tls].key)]);
  const versions = version === undefined ? {} : { minVersion: version, maxVersion: version };
  const socket = new TLSSocket(raw, { isServer: true, cert, key, ...versions });
  await new Promise<void>((resolve, reject) => socket.once("secure", resolve).once("error", reject));
  return socket;
}

function write(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error == null ? resolve() : reject(error)));
  });
}
