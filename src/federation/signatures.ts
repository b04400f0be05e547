/**
 * Signed requests between hubs, and signed answers: HTTP Message Signatures (RFC 9421). A request is signed over method,
 * target and body (RFC 9530), with a time and a nonce; an answer over its status, its body, and the request that it
 * answers, so that it answers no other.
 */
import {
  component,
  createSignature,
  isSignatureError,
  type RequestDescriptor,
  type ResponseDescriptor,
  type SignatureComponent,
  SignatureErrorCode,
  type VerificationPolicy,
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

export interface SigningKey {
  kid: string;
  privateKey: CryptoKey;
}

/** Returns the public key of that name; null: it is not a key of one that counts here. */
export type KeyOf = (kid: string) => Promise<CryptoKey | null>;

/** Returns the headers to send. `now`: Unix ms. */
export async function signRequest(
  request: SignableRequest,
  key: SigningKey,
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

/** A request as it was sent, with its own signature if it has one. */
export interface SentRequest extends SignableRequest {
  headers: Headers;
}

export interface SignableAnswer {
  status: number;
  /** null: the answer has no body. */
  body: string | null;
}

/** Returns the headers to send with the answer. `now`: Unix ms. */
export async function signAnswer(
  answer: SignableAnswer,
  request: SentRequest,
  key: SigningKey,
  now: number,
): Promise<Record<string, string>> {
  const digest = answer.body === null ? null : await contentDigest(answer.body);
  const { signature, signatureInput } = await createSignature(answerDescriptor(answer, digestField(digest), request), {
    label: "hub",
    components: answerComponents(answer, request),
    parameters: { created: Math.floor(now / 1_000), keyid: key.kid, alg: ALGORITHM, tag: TAG },
    signer: webcrypto.signer(key.privateKey),
  });
  const headers: Record<string, string> = { signature, "signature-input": signatureInput };
  return digest === null ? headers : { ...headers, "content-digest": digest };
}

/** Why a signed request or answer is refused, in words for the log of the hub and for the caller. */
export class SignatureRefused extends Error {
  override name = "SignatureRefused";
}

/** Returns who signed. Throws a SignatureRefused otherwise. `now`: Unix ms. */
export async function verifyRequest(
  request: SentRequest,
  keyOf: KeyOf,
  now: number,
): Promise<{ kid: string; nonce: string }> {
  if (!request.headers.has("signature")) throw new SignatureRefused("the request is not signed");
  await checkDigest(request.body, request.headers);
  const message = {
    kind: "request",
    method: request.method,
    targetUri: request.url,
    fields: fieldsOf(request.headers),
  } as const;
  const { keyid = "", nonce = "" } = await verified(message, keyOf, {
    ...policyAt(now),
    requiredComponents: componentsOf(request.body),
    requiredParameters: ["created", "nonce", "keyid", "tag"],
  });
  if (nonce.length === 0 || nonce.length > MAX_NONCE_CHARS)
    throw new SignatureRefused("the nonce has no fitting length");
  return { kid: keyid, nonce };
}

/** Returns the name of the key that signed the answer to this request. Throws a SignatureRefused otherwise. */
export async function verifyAnswer(
  answer: SignableAnswer & { headers: Headers },
  request: SentRequest,
  keyOf: KeyOf,
  now: number,
): Promise<string> {
  if (!answer.headers.has("signature")) throw new SignatureRefused("the answer is not signed");
  await checkDigest(answer.body, answer.headers);
  const message = answerDescriptor(answer, fieldsOf(answer.headers), request);
  const { keyid = "" } = await verified(message, keyOf, {
    ...policyAt(now),
    requiredComponents: answerComponents(answer, request),
    requiredParameters: ["created", "keyid", "tag"],
  });
  return keyid;
}

type Policy = Pick<VerificationPolicy, "requiredComponents" | "requiredParameters"> & ReturnType<typeof policyAt>;

function policyAt(now: number) {
  return {
    algorithms: [ALGORITHM],
    maxAge: 0, // the library adds the skew to it
    clockSkew: MAX_SKEW_S,
    now: Math.floor(now / 1_000),
    validate: ({ parameters }: { parameters: { tag?: string } }) => parameters.tag === TAG,
  };
}

async function verified(message: RequestDescriptor | ResponseDescriptor, keyOf: KeyOf, policy: Policy) {
  try {
    const { parameters } = await verifySignature(message, {
      policy,
      async resolveVerifier({ parameters: { keyid = "" } }) {
        const key = await keyOf(keyid);
        if (key === null) throw new SignatureRefused("the key belongs to no hub that this one trusts");
        return webcrypto.verifier(key);
      },
    });
    return parameters;
  } catch (error) {
    throw error instanceof SignatureRefused ? error : refusal(error);
  }
}

function fieldsOf(headers: Headers): Field[] {
  return [...headers].map(([name, value]) => ({ name, value }));
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
  return { kind: "request", method, targetUri: url, fields: digestField(digest) };
}

function digestField(digest: string | null): Field[] {
  return digest === null ? [] : [{ name: "content-digest", value: digest }];
}

interface Field {
  name: string;
  value: string;
}

function answerComponents({ body }: SignableAnswer, { headers }: SentRequest): SignatureComponent[] {
  return [
    "@status",
    component("@target-uri", { req: true }),
    ...(headers.has("signature") ? [component("signature", { req: true })] : []),
    ...(body === null ? [] : ["content-digest"]),
  ];
}

function answerDescriptor({ status }: SignableAnswer, fields: Field[], request: SentRequest): ResponseDescriptor {
  const { method, url, headers } = request;
  const signature = headers.get("signature");
  const asked = signature === null ? [] : [{ name: "signature", value: signature }];
  return { kind: "response", status, fields, request: { kind: "request", method, targetUri: url, fields: asked } };
}

async function checkDigest(body: string | null, headers: Headers): Promise<void> {
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
