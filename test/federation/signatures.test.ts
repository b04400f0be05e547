import { beforeAll, expect, test } from "vitest";
import {
  importPrivateKey,
  importPublicKey,
  type KeyPair,
  newKeyPair,
  toPublicKey,
  validKeys,
} from "../../src/federation/keys.ts";
import {
  newNonce,
  type SignableAnswer,
  signAnswer,
  signRequest,
  verifyAnswer,
  verifyRequest,
} from "../../src/federation/signatures.ts";
import { NOW } from "../store/service-input.ts";

const url = "https://hub-b.example.com/api/federation/events?x=1";
const body = JSON.stringify({ hub_id: "hub-a" });

let pair: KeyPair;
let stranger: KeyPair;
beforeAll(async () => {
  pair = await newKeyPair(NOW);
  stranger = await newKeyPair(NOW);
});

async function signed(by = pair, at = NOW) {
  const key = { kid: by.kid, privateKey: await importPrivateKey(by) };
  return await signRequest({ method: "POST", url, body }, key, { now: at, nonce: newNonce() });
}

const keyOf = async (kid: string) => (kid === pair.kid ? await importPublicKey(pair) : null);

function verify(headers: Record<string, string>, over: { method?: string; url?: string; body?: string | null } = {}) {
  return verifyRequest({ method: "POST", url, body, ...over, headers: new Headers(headers) }, keyOf, NOW);
}

test("a signed request tells who signed it", async () => {
  expect(await verify(await signed())).toMatchObject({ kid: pair.kid, nonce: expect.stringMatching(/^[0-9a-f]{32}$/) });
});

test("a request without a signature, or of a stranger, is refused with words", async () => {
  await expect(verify({})).rejects.toThrow("the request is not signed");
  await expect(verify(await signed(stranger))).rejects.toThrow("the key belongs to no hub that this one trusts");
  const borrowed = { ...stranger, kid: pair.kid };
  await expect(verify(await signed(borrowed))).rejects.toThrow("the signature is not valid");
});

test("neither method, nor address, nor body can be changed afterwards", async () => {
  const headers = await signed();
  await expect(verify(headers, { method: "PUT" })).rejects.toThrow("the signature is not valid");
  await expect(verify(headers, { url: `${url}2` })).rejects.toThrow("the signature is not valid");
  await expect(verify(headers, { url: url.replace("hub-b", "hub-c") })).rejects.toThrow("the signature is not valid");
  await expect(verify(headers, { body: body.replace("a", "b") })).rejects.toThrow("the body is not the one");
  const { "content-digest": _digest, ...without } = headers;
  await expect(verify(without)).rejects.toThrow("the digest of the body is missing");
});

test("a signature without the body's digest does not cover a body", async () => {
  const key = { kid: pair.kid, privateKey: await importPrivateKey(pair) };
  const bare = await signRequest({ method: "POST", url, body: null }, key, { now: NOW, nonce: newNonce() });
  const { "content-digest": digest = "" } = await signed();
  await expect(verify({ ...bare, "content-digest": digest })).rejects.toThrow("the signature is not valid");
});

test.each([-61_000, 62_000])("a signature that is %i ms off is refused", async (off) => {
  await expect(verify(await signed(pair, NOW + off))).rejects.toThrow("the signature is not valid");
  await expect(verify(await signed(pair, NOW + off * 0.9))).resolves.toBeDefined();
});

test("a public key counts under its own name and until its end only", async () => {
  const key = toPublicKey(pair);
  const ended = { ...key, not_after: new Date(NOW).toISOString() };
  const renamed = { ...key, kid: stranger.kid };
  expect(await validKeys([key, ended, renamed], NOW)).toEqual([key]);
});

const asked = async () => ({ method: "GET", url, body: null, headers: new Headers(await signed()) });

async function answered(answer: SignableAnswer, request: Awaited<ReturnType<typeof asked>>, by = pair, at = NOW) {
  const key = { kid: by.kid, privateKey: await importPrivateKey(by) };
  return { ...answer, headers: new Headers(await signAnswer(answer, request, key, at)) };
}

test.each<[string, SignableAnswer]>([
  ["with a body", { status: 200, body }],
  ["without a body", { status: 204, body: null }],
])("a signed answer %s tells who signed it", async (_, answer) => {
  const request = await asked();
  expect(await verifyAnswer(await answered(answer, request), request, keyOf, NOW)).toBe(pair.kid);
});

test("an answer counts only as the answer to its own request, as it was signed, by a known key, and not for long", async () => {
  const request = await asked();
  const right = await answered({ status: 200, body }, request);
  const refusedWith = async (answer: typeof right, words: string, of = request, now = NOW) =>
    await expect(verifyAnswer(answer, of, keyOf, now)).rejects.toThrow(words);
  await refusedWith({ ...right, headers: new Headers() }, "the answer is not signed");
  await refusedWith({ ...right, status: 204 }, "the signature is not valid");
  await refusedWith({ ...right, body: `${body} ` }, "the body is not the one that was signed");
  await refusedWith(right, "the signature is not valid", await asked());
  await refusedWith(right, "the signature is not valid", { ...request, url: `${url}2` });
  await refusedWith(right, "the signature is not valid", request, NOW + 62_000);
  await refusedWith(await answered({ status: 200, body }, request, stranger), "belongs to no hub");
  await refusedWith(await answered({ status: 200, body }, request, { ...stranger, kid: pair.kid }), "is not valid");
});

test("an answer to an unsigned request does for nobody who signs", async () => {
  const unsigned = { method: "GET", url, body: null, headers: new Headers() };
  const answer = await answered({ status: 200, body }, unsigned);
  expect(await verifyAnswer(answer, unsigned, keyOf, NOW)).toBe(pair.kid);
  await expect(verifyAnswer(answer, await asked(), keyOf, NOW)).rejects.toThrow("the signature is not valid");
});
