/** A hub that does not keep to the rules: real keys and signatures, and whatever answers a test wants. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type HubDocument, PROTOCOL } from "../../src/core/federation/federation.ts";
import { importPrivateKey, type KeyPair, newKeyPair, toPublicKey } from "../../src/federation/keys.ts";
import { newNonce, signAnswer, signRequest } from "../../src/federation/signatures.ts";

export interface RogueHub {
  readonly hubId: string;
  readonly url: string;
  key: KeyPair;
  /** What `/.well-known/hub` answers. */
  document: HubDocument;
  /** What `/api/federation/sync` answers; by default nothing is new. */
  sync: (request: IncomingMessage, response: ServerResponse) => void;
  /** What comes before everything else; true: it has answered. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Paths that were asked for. */
  readonly asked: string[];
  /** Sends a signed request to the hub. `forge` changes it after it was signed. */
  send(
    target: string,
    method: "GET" | "POST",
    path: string,
    body?: object,
    options?: { key?: KeyPair; at?: number; nonce?: string; forge?: (sent: Sent) => Sent },
  ): Promise<Response>;
  register(target: string, over?: object): Promise<Response>;
  /** What it registers with. */
  registration(over?: object): object;
  /** Answers with a signature. */
  answer(request: IncomingMessage, response: ServerResponse, body: object | null, status?: number): void;
  stop(): Promise<void>;
}

export interface Sent {
  url: string;
  body: string | null;
  headers: Record<string, string>;
}

export async function startRogueHub(hubId: string): Promise<RogueHub> {
  const key = await newKeyPair(Date.now());
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    if (rogue.intercept(request, response)) return;
    const path = request.url?.split("?")[0];
    if (path === "/.well-known/hub") rogue.answer(request, response, rogue.document);
    else if (path === "/api/federation/sync") rogue.sync(request, response);
    else rogue.answer(request, response, null, 202);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const url = `http://127.0.0.1:${port}`;
  const answer = async (
    request: IncomingMessage,
    response: ServerResponse,
    { body, status }: { body: object | null; status: number },
  ) => {
    const text = body === null ? null : JSON.stringify(body);
    const key = { kid: rogue.key.kid, privateKey: await importPrivateKey(rogue.key) };
    const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const asked = { method: request.method ?? "GET", url: `${url}${request.url}`, body: null, headers };
    const signature = await signAnswer({ status, body: text }, asked, key, Date.now());
    response.writeHead(status, { ...signature, ...(text === null ? {} : { "content-type": "application/json" }) });
    response.end(text ?? undefined);
  };
  const rogue: RogueHub = {
    hubId,
    url,
    key,
    asked,
    document: {
      hub_id: hubId,
      name: null,
      url,
      region: null,
      version: "9.9.9",
      protocol: PROTOCOL,
      capabilities: [],
      keys: [toPublicKey(key)],
    },
    sync: (request, response) => rogue.answer(request, response, null, 204),
    answer: (request, response, body, status = 200) => void answer(request, response, { body, status }),
    intercept: () => false,
    async send(target, method, path, body, { key: by = rogue.key, at = Date.now(), nonce = newNonce(), forge } = {}) {
      const text = body === undefined ? null : JSON.stringify(body);
      const request = { method, url: `${target}${path}`, body: text };
      const headers = await signRequest(
        request,
        { kid: by.kid, privateKey: await importPrivateKey(by) },
        { now: at, nonce },
      );
      const plain: Sent = { url: request.url, body: text, headers: { ...headers, "content-type": "application/json" } };
      const sent = forge?.(plain) ?? plain;
      return await fetch(sent.url, { method, headers: sent.headers, body: sent.body });
    },
    register: (target, over = {}) => rogue.send(target, "POST", "/api/federation/register", rogue.registration(over)),
    registration: (over = {}) => ({ hub_id: hubId, url, protocol: PROTOCOL, key: toPublicKey(rogue.key), ...over }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return rogue;
}
