/** Proves that two hubs have the same join token, without sending the token. */

import { base64url } from "./keys.ts";

export interface ProofParts {
  /** The hub that proves, and the one that it proves it to. */
  from: string;
  to: string;
  /** The key of the hub that proves. */
  kid: string;
  /** The nonce of the signed registration: a proof works with its own request only. */
  nonce: string;
}

export async function joinProof(token: string, parts: ProofParts): Promise<string> {
  return base64url(await crypto.subtle.sign("HMAC", await hmacKey(token), bytesOf(parts)));
}

export async function isJoinProof(token: string, parts: ProofParts, proof: string): Promise<boolean> {
  if (!/^[A-Za-z0-9_-]{43}$/.test(proof)) return false;
  const binary = atob(proof.replaceAll("-", "+").replaceAll("_", "/"));
  const signature = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  return await crypto.subtle.verify("HMAC", await hmacKey(token), signature, bytesOf(parts)); // in constant time
}

function bytesOf({ from, to, kid, nonce }: ProofParts): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(JSON.stringify([from, to, kid, nonce])));
}

function hmacKey(token: string): Promise<CryptoKey> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", new TextEncoder().encode(token), algorithm, false, ["sign", "verify"]);
}
