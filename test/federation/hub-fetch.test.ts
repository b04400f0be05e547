import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hubFetch, parseAnswer } from "../../src/federation/hub-fetch.ts";

let server: Server;
let url: string;
let asked = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    asked += 1;
    if (request.url === "/hangs") return;
    if (request.url === "/moved") response.writeHead(302, { location: "/elsewhere" }).end();
    else if (request.url === "/large") response.end("x".repeat(2_000));
    else if (request.url === "/refuses") response.writeHead(409).end(JSON.stringify({ detail: "not again" }));
    else if (request.url === "/breaks") response.writeHead(500).end("<h1>oh</h1>");
    else response.end(`${request.method} ${request.url}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

const get = (path: string, more: object = {}) =>
  hubFetch({
    method: "GET",
    url: `${url}${path}`,
    maxBytes: 1_000,
    timeoutMs: 10_000,
    allowPrivate: true,
    fetch,
    ...more,
  });

test("an answer is returned whole", async () => {
  expect(await get("/fine")).toMatchObject({ status: 200, text: "GET /fine" });
});

test.each([
  ["/moved", "it answers with a redirect, which is not followed"],
  ["/large", "the answer is larger than 1000 bytes"],
  ["/refuses", "it answers 409: not again"],
  ["/breaks", "it answers 500"],
  ["/hangs", "it did not answer within 0.3 s"],
])("%s is refused with words", async (path, words) => {
  await expect(get(path, path === "/hangs" ? { timeoutMs: 300 } : {})).rejects.toThrow(words);
});

test("a hub that is away can't be reached", async () => {
  await expect(get("", { url: "http://127.0.0.1:9" })).rejects.toThrow("it can't be reached");
});

test.each(["127.0.0.1", "[::1]", "0x7f.1", "2130706433", "localhost", "169.254.169.254", "10.0.0.1", "hub.internal"])(
  "%s is asked nothing where private addresses are not allowed",
  async (host) => {
    const before = asked;
    const address = `http://${host}:${new URL(url).port}/fine`;
    await expect(get("", { url: address, allowPrivate: false })).rejects.toThrow("the address is refused");
    expect(asked).toBe(before);
  },
);

test("what is no JSON is no answer of a hub", () => {
  expect(() => parseAnswer("<h1>oh</h1>")).toThrow("is this the address of a hub?");
});
