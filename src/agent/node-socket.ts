/**
 * The sockets of `cloudflare:sockets`, as far as the probes use them, over those of Node. Nothing is read from a
 * connection before somebody asks for it, so that TLS can start at any byte.
 */
import { connect as connectTcp, isIP, type LookupFunction, type Socket as TcpSocket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import { checkedLookUp } from "../node/network-look.ts";
import type { CertificateCheck, ProbeSocket, ProbeSocketOptions, TlsPeer } from "../probes/probe.ts";
import type { Reach } from "./reach.ts";

/** Connects within the reach: what a name stands for is looked up once, so it can't become another address meanwhile. */
export function connectWithin(reach: Reach) {
  return (address: string, { allowHalfOpen, certificate = "full", serverName }: ProbeSocketOptions): ProbeSocket => {
    const { host, port } = parseAddress(address);
    reach.check(host, port);
    const tcp = connectTcp({ host, port, allowHalfOpen, lookup: lookUpWithin(reach, port) });
    tcp.setNoDelay();
    return new NodeSocket(tcp, "connect", { host: serverName ?? host, certificate }, null);
  };
}

/** The look-up of a connection to the port. */
export function lookUpWithin(reach: Reach, port: number): LookupFunction {
  return checkedLookUp((host, addresses) => reach.allowed(host, port, addresses));
}

/** `host:port`; an IPv6 address stands in brackets. */
function parseAddress(address: string): { host: string; port: number } {
  const { hostname, port } = new URL(`tcp://${address}`);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
}

interface Tls {
  /** That TLS asks for. */
  host: string;
  certificate: CertificateCheck;
}

class NodeSocket implements ProbeSocket {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly opened: Promise<void>;
  readonly closed: Promise<void>;
  readonly #raw: TcpSocket;
  readonly #tls: Tls;

  /** `below`: the TCP connection of a TLS one, which alone knows of a reset; null: `raw` is a TCP connection itself. */
  constructor(raw: TcpSocket, opens: "connect" | "secureConnect", tls: Tls, below: TcpSocket | null) {
    this.#raw = raw;
    this.#tls = tls;
    this.opened = new Promise((resolve, reject) => {
      raw.once(opens, () => resolve());
      raw.once("error", reject);
      raw.once("close", () => reject(new Error("the connection was closed")));
    });
    this.closed = new Promise((resolve, reject) => {
      raw.once("error", reject);
      raw.once("close", () => resolve());
    });
    raw.on("error", () => {}); // an error that nobody listens for would end the program
    for (const promise of [this.opened, this.closed]) promise.catch(() => {}); // whoever waits for them hears of it
    this.readable = readableOf(raw, below ?? raw);
    this.writable = writableOf(raw);
  }

  async close(): Promise<void> {
    this.#raw.destroy();
  }

  startTls(): ProbeSocket {
    const { host, certificate } = this.#tls;
    const socket = connectTls({
      socket: this.#raw,
      host,
      rejectUnauthorized: certificate !== "none",
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(certificate !== "full" ? { checkServerIdentity: () => undefined } : {}),
    });
    return new NodeSocket(socket, "secureConnect", this.#tls, this.#raw);
  }

  peer(): TlsPeer {
    const tls = this.#raw;
    if (!(tls instanceof TLSSocket)) throw new Error("no TLS on this connection");
    const chain: Uint8Array[] = [];
    for (let each = tls.getPeerX509Certificate(); each !== undefined; each = each.issuerCertificate) {
      chain.push(new Uint8Array(each.raw));
    }
    // Node's types say that it is an Error; it is OpenSSL's code.
    const distrust = tls.authorized ? null : String(tls.authorizationError);
    return { chain, distrust, protocol: tls.getProtocol() ?? "" };
  }
}

/** The error of a connection that ended without its last words. */
function lostOf(raw: TcpSocket): Error {
  return raw.errored ?? Object.assign(new Error("the connection was reset"), { code: "ECONNRESET" });
}

function readableOf(raw: TcpSocket, tcp: TcpSocket): ReadableStream<Uint8Array> {
  let isCancelled = false;
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) =>
        new Promise<void>((resolve, reject) => {
          const take = () => {
            const chunk: Buffer | null = raw.read();
            if (chunk === null) return false;
            controller.enqueue(new Uint8Array(chunk));
            return true;
          };
          const done = (error?: Error) => {
            for (const [event, listener] of Object.entries(listeners)) raw.off(event, listener);
            if (error === undefined) resolve();
            else reject(error);
          };
          const end = () => {
            if (isCancelled) return done();
            if (!raw.readableEnded || tcp.errored !== null) return done(lostOf(tcp)); // nobody said that this was all
            controller.close();
            done();
          };
          const listeners = { readable: () => take() && done(), end, close: end, error: done };
          if (raw.destroyed || raw.readableEnded) return end();
          if (take()) return resolve();
          for (const [event, listener] of Object.entries(listeners)) raw.on(event, listener);
        }),
      cancel: () => {
        isCancelled = true;
        raw.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}

function writableOf(raw: TcpSocket): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    write: (chunk) =>
      new Promise<void>((resolve, reject) => {
        raw.write(chunk, (error) => (error == null ? resolve() : reject(error)));
      }),
  });
}
