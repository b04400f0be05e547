import { expect, it } from "vitest";
import { clientAddress } from "../../src/worker/request-context.ts";

const asks = (headers: Record<string, string>) => ({ headers: new Headers(headers) });

it("a deployed hub knows a client by the address that Cloudflare tells", () => {
  expect(clientAddress(asks({ "CF-Connecting-IP": "192.0.2.1" }), { LOCAL_QUEUES: false })).toBe("192.0.2.1");
  expect(clientAddress(asks({ "X-Forwarded-For": "192.0.2.1" }), { LOCAL_QUEUES: false })).toBe("local");
});

it("a local hub believes no header, so nobody evades its limit by writing one", () => {
  const addresses = ["192.0.2.1", "192.0.2.2", ""].map((address) =>
    clientAddress(asks({ "CF-Connecting-IP": address, "MF-CF-Blob": `{"clientIp":"${address}:1"}` }), {
      LOCAL_QUEUES: true,
    }),
  );
  expect(addresses).toEqual(["local", "local", "local"]);
});
