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

export async function joinProof(token: string, { from, to, kid, nonce }: ProofParts): Promise<string> {
  const key = await hmacKey(token);
  return base64url(
    await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(JSON.stringify([from, to, kid, nonce]))),
  );
}

export async function isJoinProof(token: string, parts: ProofParts, proof: string): Promise<boolean> {
  const [expected, given] = [await joinProof(token, parts), proof].map((text) => new TextEncoder().encode(text));
  if (expected === undefined || given === undefined || expected.length !== given.length) return false;
  return crypto.subtle.timingSafeEqual(expected, given);
}

function hmacKey(token: string): Promise<CryptoKey> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", new TextEncoder().encode(token), algorithm, false, ["sign"]);
}
