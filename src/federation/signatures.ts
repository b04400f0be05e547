/**
 * Signed requests between hubs: HTTP Message Signatures (RFC 9421) over method, target and body (RFC 9530), with a time
 * and a nonce.
 */
import {
  createSignature,
  isSignatureError,
  type RequestDescriptor,
  SignatureErrorCode,
  verifySignature,
  webcrypto,
} from "http-message-sig";

const TAG = "commandcenter-federation";
const ALGORITHM = "ed25519";
/** A signature is valid for this time, before and after the receiver's own clock. */
export const MAX_SKEW_S = 60;
const MAX_NONCE_CHARS = 64;

export interface SignableRequest {
  method: string;
  url: string;
  /** null: the request has no body. */
  body: string | null;
}

/** Returns the headers to send. `now`: Unix ms. */
export async function signRequest(
  request: SignableRequest,
  key: { kid: string; privateKey: CryptoKey },
  { now, nonce }: { now: number; nonce: string },
): Promise<Record<string, string>> {
  const digest = request.body === null ? null : await contentDigest(request.body);
  const { signature, signatureInput } = await createSignature(descriptor(request, digest), {
    label: "hub",
    components: componentsOf(request.body),
    parameters: { created: Math.floor(now / 1_000), nonce, keyid: key.kid, alg: ALGORITHM, tag: TAG },
    signer: webcrypto.signer(key.privateKey),
  });
  const headers: Record<string, string> = { signature, "signature-input": signatureInput };
  return digest === null ? headers : { ...headers, "content-digest": digest };
}

/** Why a signed request is refused, in words for the log of the hub and for the caller. */
export class SignatureRefused extends Error {
  override name = "SignatureRefused";
}

/**
 * Returns who signed. Throws a SignatureRefused otherwise. `keyOf`: the public key of that name; null: nobody that this
 * hub trusts has it. `now`: Unix ms.
 */
export async function verifyRequest(
  request: SignableRequest & { headers: Headers },
  keyOf: (kid: string) => Promise<CryptoKey | null>,
  now: number,
): Promise<{ kid: string; nonce: string }> {
  if (!request.headers.has("signature")) throw new SignatureRefused("the request is not signed");
  await checkDigest(request);
  const fields = [...request.headers].map(([name, value]) => ({ name, value }));
  try {
    const { parameters } = await verifySignature(
      { kind: "request", method: request.method, targetUri: request.url, fields },
      {
        policy: {
          algorithms: [ALGORITHM],
          requiredComponents: componentsOf(request.body),
          requiredParameters: ["created", "nonce", "keyid", "tag"],
          maxAge: 0, // the library adds the skew to it
          clockSkew: MAX_SKEW_S,
          now: Math.floor(now / 1_000),
          validate: (signature) => signature.parameters.tag === TAG,
        },
        async resolveVerifier({ parameters: { keyid = "" } }) {
          const key = await keyOf(keyid);
          if (key === null) throw new SignatureRefused("the key belongs to no hub that this one trusts");
          return webcrypto.verifier(key);
        },
      },
    );
    const { keyid = "", nonce = "" } = parameters;
    if (nonce.length === 0 || nonce.length > MAX_NONCE_CHARS)
      throw new SignatureRefused("the nonce has no fitting length");
    return { kid: keyid, nonce };
  } catch (error) {
    throw error instanceof SignatureRefused ? error : refusal(error);
  }
}

export function newNonce(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

function refusal(error: unknown): unknown {
  if (!isSignatureError(error)) return error;
  if (error.code === SignatureErrorCode.ResolverFailed && error.cause instanceof SignatureRefused) return error.cause;
  return new SignatureRefused(`the signature is not valid: ${error.message}`);
}

function componentsOf(body: string | null): string[] {
  return body === null ? ["@method", "@target-uri"] : ["@method", "@target-uri", "content-digest"];
}

function descriptor({ method, url }: SignableRequest, digest: string | null): RequestDescriptor {
  const fields = digest === null ? [] : [{ name: "content-digest", value: digest }];
  return { kind: "request", method, targetUri: url, fields };
}

async function checkDigest({ body, headers }: SignableRequest & { headers: Headers }): Promise<void> {
  if (body === null) return;
  const claimed = headers.get("content-digest");
  if (claimed === null) throw new SignatureRefused("the digest of the body is missing");
  if (claimed !== (await contentDigest(body))) throw new SignatureRefused("the body is not the one that was signed");
}

/** The hubs use one digest only, so the header has one form only. */
async function contentDigest(body: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body)));
  return `sha-256=:${btoa(String.fromCharCode(...bytes))}:`;
}
