/** What a deployed hub finds out about a host: by DNS over HTTPS, and by the list of Cloudflare's own addresses. */
import { afterEach, expect, it, vi } from "vitest";
import { networkLooks } from "../../src/platform/looks.ts";
import { Lately } from "../../src/probes/look-memory.ts";
import { runCheck } from "./run-check.ts";

const edge = networkLooks({});

/** Answers as DNS over HTTPS does: the records of the type that is asked for. */
function dns(answer: (type: string) => object | number): string[] {
  const asked: string[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const url = new URL(String(input));
    asked.push(`${url.host} ${url.searchParams.get("name")} ${url.searchParams.get("type")}`);
    const found = answer(url.searchParams.get("type") ?? "");
    return typeof found === "number" ? new Response("", { status: found }) : Response.json(found);
  });
  return asked;
}

afterEach(() => vi.restoreAllMocks());

it("the addresses of a name are those of both families, without the names between", async () => {
  const asked = dns((type) =>
    type === "1"
      ? {
          Status: 0,
          Answer: [
            { type: 5, data: "b.example.com." },
            { type: 1, data: "192.0.2.1" },
          ],
        }
      : { Status: 0, Answer: [{ type: 28, data: "2001:db8::1" }] },
  );
  expect(await edge.addressesOf("a.example.com")).toEqual(["192.0.2.1", "2001:db8::1"]);
  expect(asked).toEqual(["cloudflare-dns.com a.example.com 1", "cloudflare-dns.com a.example.com 28"]);
});

it("a name that nobody has has no address; DNS that does not answer says nothing", async () => {
  dns(() => ({ Status: 3 }));
  expect(await edge.addressesOf("nobody.example.com")).toEqual([]);
  vi.restoreAllMocks();
  dns(() => ({ Status: 2 }));
  expect(await edge.addressesOf("nobody.example.com")).toBeNull();
  vi.restoreAllMocks();
  dns(() => 503);
  expect(await edge.addressesOf("nobody.example.com")).toBeNull();
});

it.each([
  ["104.16.0.1", true],
  ["162.159.255.255", true],
  ["2606:4700::6810:1", true],
  ["::ffff:104.16.0.1", true],
  ["192.0.2.1", false],
  ["2001:db8::1", false],
  ["no address", false],
])("%s belongs to Cloudflare: %s", (address, expected) => {
  expect(edge.isPlatformAddress(address)).toBe(expected);
});

const refuse = () => {
  const error = new Error(
    "proxy request failed, cannot connect to the specified address. It looks like you might be trying to connect to a HTTP-based service — consider using fetch instead",
  );
  const opened = Promise.reject(error);
  opened.catch(() => {});
  const stream = new TransformStream<Uint8Array, Uint8Array>();
  const { readable, writable } = stream;
  return { readable, writable, opened, closed: opened, close: async () => {}, startTls: () => refuse() } as never;
};
const deployed = (health_url: string) =>
  runCheck({ health_method: "tcp", health_url }, true, {
    connect: refuse,
    fetchesAddresses: false,
    looks: { ...edge, memory: new Lately() },
  });

it("deployed, a refusal on port 443 is a failure, unless the address is Cloudflare's own", async () => {
  expect(await deployed("192.0.2.1:443")).toMatchObject({
    verdict: "fail",
    error: "connect: refused or no route to the host",
  });
  const own = await deployed("104.16.0.1:443");
  expect(own.verdict).toBe("unprobeable");
  expect(own.error).toMatch(/^can't be checked from here: the address belongs to Cloudflare/);
  dns((type) => (type === "1" ? { Status: 0, Answer: [{ type: 1, data: "104.16.0.1" }] } : { Status: 0 }));
  expect((await deployed("proxied.example.com:443")).verdict).toBe("unprobeable");
  vi.restoreAllMocks();
  dns(() => ({ Status: 3 }));
  expect(await deployed("gone.example.com:443")).toMatchObject({ verdict: "fail", error: "connect: unknown host" });
  vi.restoreAllMocks();
  dns(() => 500);
  expect((await deployed("unclear.example.com:443")).error).toBe("connect: refused, no route or unknown host");
});
