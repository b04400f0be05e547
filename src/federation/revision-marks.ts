/**
 * Marks of revisions. A hub that asks again for changes shows the mark that it got, and so proves that it was this hub
 * that it asked before. A mark carries a code (HMAC-SHA256) under a secret that is not in the database: one that this hub
 * made but its database does not know means that the database was restored; any other means nothing.
 */
import { base64url } from "./keys.ts";

/** The state of a registry for which a mark was given. */
export interface Marked {
  epoch: string;
  revision: number;
}

const CODE_CHARS = 22; // 128 bits

/** `name`: as the database knows the mark. */
export async function signedMark(secret: string, marked: Marked, name: string): Promise<string> {
  return `${name}.${await codeOf(secret, marked, name)}`;
}

/** Returns the name of a mark that this hub made; null: it is not one. */
export async function ownMark(secret: string, marked: Marked, mark: string): Promise<string | null> {
  const [name = "", code = ""] = mark.split(".");
  return code === (await codeOf(secret, marked, name)) ? name : null;
}

async function codeOf(secret: string, { epoch, revision }: Marked, name: string): Promise<string> {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes(secret), algorithm, false, ["sign"]);
  const code = await crypto.subtle.sign("HMAC", key, bytes(JSON.stringify([epoch, revision, name])));
  return base64url(code).slice(0, CODE_CHARS);
}
