/**
 * The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding, and of PostgreSQL's `md5` method.
 */

const HASH_BITS = 256;
/** Of iterations: a number of the protocol, and not all that JavaScript reads as one. */
const COUNT = /^[1-9]\d*$/;

type Bytes = Uint8Array<ArrayBuffer>;

/** The digest of bytes. The Web Crypto of Workers has MD5, that of Node does not. */
export type Md5 = (bytes: Bytes) => Promise<ArrayBuffer>;

export interface ScramFinal {
  /** The client-final-message. */
  message: string;
  /** Base64. The server must send this signature to prove that it knows the password. */
  signature: string;
}

/** Returns the client-first-message. */
export function scramFirst(nonce: string): string {
  return `n,,${clientFirstBare(nonce)}`;
}

/**
 * Returns null when the server's message is not SCRAM or has another nonce. `maxIterations`: with more, a server could
 * use up the processor time.
 */
export async function scramFinal(
  password: string,
  nonce: string,
  serverFirst: string,
  maxIterations: number,
): Promise<ScramFinal | "too costly" | null> {
  const { r, s, i } = attributes(serverFirst);
  if (!r?.startsWith(nonce) || s === undefined || !isBase64(s) || i === undefined || !COUNT.test(i)) return null;
  const iterations = Number(i);
  if (iterations > maxIterations) return "too costly";
  const salted = await saltPassword(await prepared(password), fromBase64(s), iterations);
  const clientKey = await hmac(salted, "Client Key");
  const withoutProof = `c=biws,r=${r}`;
  const auth = `${clientFirstBare(nonce)},${serverFirst},${withoutProof}`;
  const signature = await hmac(await crypto.subtle.digest("SHA-256", clientKey), auth);
  const proof = clientKey.map((byte, index) => byte ^ (signature[index] ?? 0));
  const server = await hmac(await hmac(salted, "Server Key"), auth);
  return { message: `${withoutProof},p=${toBase64(proof)}`, signature: toBase64(server) };
}

/**
 * Prepares the password as libpq does: by SASLprep (RFC 4013), or not at all when SASLprep forbids it. The tables of
 * SASLprep are loaded only for who needs them.
 */
async function prepared(password: string): Promise<string> {
  if (/^[\0-\x7f]*$/.test(password)) return password;
  const { default: saslprep } = await import("@mongodb-js/saslprep");
  try {
    return saslprep(password) || password;
  } catch {
    return password;
  }
}

/** Whether the server-final-message contains the signature. */
export function hasSignature(serverFinal: string, signature: string): boolean {
  return attributes(serverFinal).v === signature;
}

/** Returns `md5` and the hex digits of md5(md5(password + user) + salt). */
export async function md5Password(user: string, password: string, salt: Uint8Array, md5: Md5): Promise<string> {
  const inner = encode(toHex(await md5(encode(password + user))));
  const salted = new Uint8Array(inner.length + salt.length);
  salted.set(inner);
  salted.set(salt, inner.length);
  return `md5${toHex(await md5(salted))}`;
}

function isBase64(text: string): boolean {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text);
}

function toHex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function clientFirstBare(nonce: string): string {
  return `n=,r=${nonce}`;
}

function attributes(text: string): Record<string, string | undefined> {
  return Object.fromEntries(text.split(",").map((part) => [part.slice(0, 1), part.slice(2)]));
}

async function saltPassword(password: string, salt: Bytes, iterations: number): Promise<ArrayBuffer> {
  const key = await crypto.subtle.importKey("raw", encode(password), "PBKDF2", false, ["deriveBits"]);
  return crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, key, HASH_BITS);
}

async function hmac(secret: ArrayBuffer | Bytes, text: string): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, encode(text)));
}

function encode(text: string): Bytes {
  return new Uint8Array(new TextEncoder().encode(text));
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(text: string): Bytes {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
