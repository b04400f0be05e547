/**
 * Which keys of another hub count. A hub may list any key, also one of somebody else, so a key counts only once it has
 * been used: when it signed a request or an answer of the hub. One that the hub lists in a request signed with a key that
 * counts is introduced, and counts as soon as it is used.
 */
import type { KnownKey, PublicKey } from "../core/federation/federation.ts";

/** `now`: Unix ms. */
export function isUsable({ used = true, not_after }: KnownKey, now: number): boolean {
  return used && !isOver(not_after, now);
}

function isOver(notAfter: string | null, now: number): boolean {
  return notAfter !== null && Date.parse(notAfter) <= now;
}

/** The keys after the hub has listed its keys in a request that `signer` signed, which stays until another one is used. */
export function withListed(known: readonly KnownKey[], listed: readonly PublicKey[], signer: string): KnownKey[] {
  const usedBefore = (kid: string) => known.some((key) => key.kid === kid && (key.used ?? true));
  const keys = listed.map((key): KnownKey => ({ ...key, used: usedBefore(key.kid) }));
  const isLeft = keys.some(({ kid, used }) => used && kid === signer);
  return isLeft ? keys : [...keys, ...known.filter(({ kid }) => kid === signer)];
}

/** The keys after one of them was used. */
export function withUsed(known: readonly KnownKey[], kid: string): KnownKey[] {
  return known.map((key) => (key.kid === kid ? { ...key, used: true } : key));
}

/**
 * The key of this hub to sign with after another hub has refused `kid`: the one before it, and the newest one after the
 * oldest. A hub that was restored from a backup knows an earlier one. `own`: the newest first.
 */
export function keyToTryNext(own: readonly PublicKey[], kid: string | null): string | null {
  return own[(own.findIndex((key) => key.kid === kid) + 1) % own.length]?.kid ?? null;
}
