/** The cookie that keeps a person signed in. It holds the key itself, so a revoked key opens nothing at once. */
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";

const LIFETIME_S = 30 * 86_400;

/** Null: nobody is signed in. */
export function sessionKey(c: Context): string | null {
  return getCookie(c, cookieName(c)) ?? null;
}

export function keepSession(c: Context, key: string): void {
  setCookie(c, cookieName(c), key, { ...attributes(c), maxAge: LIFETIME_S });
}

export function endSession(c: Context): void {
  deleteCookie(c, cookieName(c), attributes(c));
}

/** Whether the hub's own pages sent the request, which a cookie alone does not say: other sites' requests carry it too. */
export function isSameOrigin(c: Context): boolean {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined) return site === "same-origin";
  const origin = c.req.header("origin") ?? "";
  // By host: a proxy in front may end the TLS that the browser speaks.
  return URL.canParse(origin) && new URL(origin).host === new URL(c.req.url).host;
}

/** Cookies know no ports: two hubs on one machine must not sign each other out. */
function cookieName(c: Context): string {
  const { protocol, port } = new URL(c.req.url);
  return `${protocol === "https:" ? "__Host-" : ""}hub_session${port === "" ? "" : `_${port}`}`;
}

function attributes(c: Context) {
  const secure = new URL(c.req.url).protocol === "https:";
  return { path: "/", httpOnly: true, sameSite: "Strict", secure } as const;
}
