/** A typed client of a hub's HTTP API, for Node 22.13 and later and for browsers. */
import { hc } from "hono/client";
import type { AppType } from "../http/app.ts";

export interface HubClientOptions {
  /** The http or https URL of the hub. */
  url: string;
  /** An API key. Without a key, a hub with PUBLIC_READ can be read. */
  key?: string | undefined;
  /** Replaces the global fetch. */
  fetch?: typeof fetch | undefined;
}

/** The routes below `/api`, for example `client.services.$get({ query: { status: "down" } })`. */
export type HubClient = ReturnType<typeof hc<AppType>>["api"];

/**
 * Sends nothing. Each request sends the key in the `Authorization` header. Throws a TypeError when `url` is not an http
 * or https URL, or when the key has characters that a header cannot carry.
 */
export function createHubClient({ url, key, fetch: send = fetch }: HubClientOptions): HubClient {
  if (!isHubUrl(url)) throw new TypeError("url: expected the http(s) URL of a hub");
  if (key !== undefined && !isKey(key)) throw new TypeError("key: expected visible ASCII characters only");
  return hc<AppType>(url.replace(/\/+$/, ""), {
    fetch: (input: RequestInfo | URL, init?: RequestInit) => {
      const headers = new Headers(init?.headers);
      if (key !== undefined) headers.set("authorization", `Bearer ${key}`);
      return send(input, { ...init, headers });
    },
  }).api;
}

/** Whether the text is an http or https URL without a user name and password. */
export function isHubUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === "" && password === "";
}

/** The message of an error about a header would show the key, so it is checked before it is used. */
export function isKey(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
