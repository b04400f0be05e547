/** A hub's Ed25519 keys: made, named, imported. A key is named by its JWK thumbprint (RFC 7638, RFC 8037). */
import type { PublicKey } from "../core/federation/federation.ts";

const ALGORITHM = "Ed25519";

export interface KeyPair {
  kid: string;
  /** The public key: 32 bytes as base64url. */
  x: string;
  /** The private key as a JWK. It is stored, and never sent. */
  private_jwk: JsonWebKey;
  /** Unix ms. */
  created_at: number;
  /** From this time on the key is not used, Unix ms; null: it is the current one. */
  not_after: number | null;
}

/** `now`: Unix ms. */
export async function newKeyPair(now: number): Promise<KeyPair> {
  const pair = (await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"])) as CryptoKeyPair; // Ed25519 has two keys
  const private_jwk = (await crypto.subtle.exportKey("jwk", pair.privateKey)) as JsonWebKey; // as asked for
  const x = private_jwk.x ?? "";
  return { kid: await thumbprint(x), x, private_jwk, created_at: now, not_after: null };
}

export async function thumbprint(x: string): Promise<string> {
  const json = JSON.stringify({ crv: ALGORITHM, kty: "OKP", x }); // members in the order that RFC 7638 demands
  return base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(json)));
}

export function toPublicKey({ kid, x, not_after }: KeyPair): PublicKey {
  return { kid, alg: "ed25519", x, not_after: not_after === null ? null : new Date(not_after).toISOString() };
}

/** Returns the keys whose name is their thumbprint and whose time is not over. `now`: Unix ms. */
export async function validKeys(keys: readonly PublicKey[], now: number): Promise<PublicKey[]> {
  const valid: PublicKey[] = [];
  for (const key of keys) {
    const ended = key.not_after !== null && Date.parse(key.not_after) <= now;
    if (!ended && key.kid === (await thumbprint(key.x))) valid.push(key);
  }
  return valid;
}

export function importPrivateKey({ private_jwk }: KeyPair): Promise<CryptoKey> {
  return crypto.subtle.importKey("jwk", private_jwk, ALGORITHM, false, ["sign"]);
}

/** The keys by their names. */
export function keyOfList(keys: readonly PublicKey[]): (kid: string) => Promise<CryptoKey | null> {
  return async (kid) => {
    const key = keys.find((each) => each.kid === kid);
    return key === undefined ? null : await importPublicKey(key);
  };
}

export function importPublicKey({ x }: Pick<PublicKey, "x">): Promise<CryptoKey> {
  return crypto.subtle.importKey("jwk", { kty: "OKP", crv: ALGORITHM, x }, ALGORITHM, false, ["verify"]);
}

export function base64url(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
