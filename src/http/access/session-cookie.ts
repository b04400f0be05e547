/** The cookie that keeps a person signed in. It has a random token that means nothing but this session. */
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";

export const SESSION_LIFETIME_S = 30 * 86_400;

/** Returns null when nobody is signed in. */
export function sessionToken(c: Context): string | null {
  return getCookie(c, cookieName(c)) ?? null;
}

export function keepSession(c: Context, token: string): void {
  setCookie(c, cookieName(c), token, { ...attributes(c), maxAge: SESSION_LIFETIME_S });
}

export function endSession(c: Context): void {
  deleteCookie(c, cookieName(c), attributes(c));
}

/**
 * Whether a page of the hub sent the request. The cookie does not prove it: browsers may send it for other sites, too.
 */
export function isSameOrigin(c: Context): boolean {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined) return site === "same-origin";
  const origin = c.req.header("origin") ?? "";
  // Only the hosts are compared: behind a proxy that terminates TLS, the hub sees http and the browser uses https.
  return URL.canParse(origin) && new URL(origin).host === new URL(c.req.url).host;
}

/**
 * The name has the port: browsers share cookies between ports, and hubs on one machine must not sign each other out.
 */
function cookieName(c: Context): string {
  const { protocol, port } = new URL(c.req.url);
  return `${protocol === "https:" ? "__Host-" : ""}hub_session${port === "" ? "" : `_${port}`}`;
}

function attributes(c: Context) {
  const secure = new URL(c.req.url).protocol === "https:";
  return { path: "/", httpOnly: true, sameSite: "Strict", secure } as const;
}
