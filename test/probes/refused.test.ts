/** With ALLOW_PRIVATE_TARGETS=false nothing that isn't public is asked, not even where a public server points to it. */
import { connect } from "cloudflare:sockets";
import { env } from "cloudflare:workers";
import { describe, expect, inject, it } from "vitest";
import { NOT_PUBLIC } from "../../src/core/service/public-network.ts";
import { parseService } from "../../src/core/service/service-rules.ts";
import { CAUSES } from "../../src/probes/failure-words.ts";
import { Lately } from "../../src/probes/look-memory.ts";
import type { ProbeSocketOptions } from "../../src/probes/probe.ts";
import { runCheck } from "./run-check.ts";

const { faulty } = inject("servers");

/** Spellings of hosts that aren't public; as URLs have them. */
const HOSTS = [
  ...["127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0x7f.0.0.1", "017700000001"],
  ...["0177.0.0.1", "0177.1", "127.0.0.1.", "127.255.255.254", "0.0.0.0", "0", "%31%32%37.0.0.1", "１２７.0.0.1"],
  ...[
    "127。0。0。1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "api.localhost",
    "localhost.localdomain",
    "lοcalhost.local",
  ],
  ...[
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
  ],
  ...["[2002:7f00:1::]", "[::ffff:0:127.0.0.1]", "[fe80::1]", "[fc00::1]", "[fd12:3456::1]", "[ff02::1]", "[fec0::1]"],
  ...["10.0.0.1", "167772161", "0xa.1", "012.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "0xc0a80101"],
  ...["100.64.0.1", "169.254.1.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1", "[::ffff:10.0.0.1]"],
  ...["169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "[::ffff:a9fe:a9fe]"],
  ...["[fd00:ec2::254]", "metadata.google.internal", "metadata.google.internal.", "168.63.129.16", "router.lan"],
  ...["printer.local", "db.internal", "intranet", "db.home.arpa"],
];
/** What stands before the host to make it look like another. */
const DISGUISES = ["", "public.example@", "public.example:80@", "public.example%2f@", "a:b@"];

const register = (health_method: "http" | "tcp" | "redis" | "postgres", health_url: string) =>
  parseService({ name: "x", health_method, health_url }, { allowPrivate: false, mayReceive: () => true });

describe("registering is refused", () => {
  it.each(HOSTS)("%s, by every method and in every disguise", (host) => {
    for (const disguise of DISGUISES) {
      expect(register("http", `http://${disguise}${host}:8080/x`).ok, disguise).toBe(false);
      expect(register("redis", `redis://${disguise}${host}`).ok, disguise).toBe(false);
      expect(register("postgres", `postgres://${disguise}${host}/db`).ok, disguise).toBe(false);
    }
    expect(register("tcp", `${host}:80`).ok).toBe(false);
  });
  it.each(HOSTS)("%s, and so is probing it, whoever registered it before", async (host) => {
    const found = await runCheck({ health_method: "http", health_url: `http://${host}:${faulty.http}/` }, false);
    expect(found).toMatchObject({ verdict: "unprobeable", latency_ms: null });
    expect(found.error).toMatch(/^refused target: /);
  });
});

const LOCATIONS = [
  ...HOSTS.map((host) => `http://${host}:${faulty.http}`),
  ...["public.example@127.0.0.1", "public.example%40@127.1", "\\@127.0.0.1"].map(
    (host) => `http://${host}:${faulty.http}`,
  ),
  `//127.0.0.1:${faulty.http}`,
  `\\\\127.0.0.1:${faulty.http}`,
  `/\\127.0.0.1:${faulty.http}`,
  `HTTP:\\\\127.0.0.1:${faulty.http}`,
  ` \thttp://127.0.0.1:${faulty.http}`,
  `https://127.0.0.1:${faulty.http}`,
];

const hits = async (key: string) =>
  Number(await (await fetch(`http://127.0.0.1:${faulty.http}/hits?key=${key}`)).text());

/** `public.example` is the test server; every other host is where it says. */
function fromPublicExample(asked: string[]) {
  return (input: RequestInfo | URL, init?: RequestInit) => {
    const url = new URL(String(input));
    asked.push(url.host);
    if (url.hostname === "public.example") url.host = `127.0.0.1:${faulty.http}`;
    return fetch(url, init);
  };
}

describe("a redirect of a public server", () => {
  it.each(LOCATIONS.map((location, index) => [location, index] as const))(
    "to %s is not followed",
    async (at, index) => {
      const key = `redirect-${index}`;
      const asked: string[] = [];
      const query = new URLSearchParams({ status: "302", location: `${at}/hit?key=${key}` });
      const found = await runCheck({ health_url: `http://public.example/answer?${query}` }, false, {
        fetch: fromPublicExample(asked),
      });
      expect(found.verdict).toBe("fail");
      expect(found.error).toMatch(/^http: (refused redirect: |redirect to no URL)/);
      expect(asked).toEqual(["public.example"]);
      expect(await hits(key)).toBe(0);
    },
  );

  it("is followed where it stays public, or where private targets are allowed", async () => {
    const query = new URLSearchParams({ status: "302", location: "/hit?key=public" });
    const open = { fetch: fromPublicExample([]) };
    expect((await runCheck({ health_url: `http://public.example/answer?${query}` }, false, open)).verdict).toBe("ok");
    expect(await hits("public")).toBe(1);
    query.set("location", `http://127.0.0.1:${faulty.http}/hit?key=allowed`);
    expect((await runCheck({ health_url: `http://public.example/answer?${query}` }, true, open)).verdict).toBe("ok");
    expect(await hits("allowed")).toBe(1);
  });

  it("is refused after some that were fine", async () => {
    const asked: string[] = [];
    const last = new URLSearchParams({ status: "302", location: `http://0x7f.1:${faulty.http}/hit?key=late` });
    const first = new URLSearchParams({ status: "307", location: `/answer?${last}` });
    const found = await runCheck({ health_url: `http://public.example/answer?${first}` }, false, {
      fetch: fromPublicExample(asked),
    });
    expect(found.error).toMatch(/^http: refused redirect: 127\.0\.0\.1 is refused: it is a loopback address/);
    expect(asked).toHaveLength(2);
    expect(await hits("late")).toBe(0);
  });
});

/**
 * A name that is public for who looks it up first, and the test server for the network that connects to it: as when DNS
 * changes its answer in between.
 */
const REBOUND = "rebound.example.com";
const rebind = (text: string) => text.replace(REBOUND, "localhost");

/** `code`: what the machine says of a connection to the name after a failure. */
function rebound(network: Pick<Fetcher, "fetch" | "connect">, code: string) {
  return {
    connect: (address: string, options: ProbeSocketOptions) => network.connect(rebind(address), options),
    fetch: (input: RequestInfo | URL, init?: RequestInit) => network.fetch(rebind(String(input)), init),
    looks: {
      addressesOf: async () => ["93.184.216.34"],
      connectCode: async () => code,
      isPlatformAddress: () => false,
      memory: new Lately(),
    },
  };
}

describe("a name that becomes one of a private address", () => {
  const open = { fetch: (input: RequestInfo | URL, init?: RequestInit) => fetch(input, init), connect };
  const refusing = rebound(env.PUBLIC_ONLY, `${NOT_PUBLIC}127.0.0.1`);
  const error = `refused target: ${REBOUND} stands for 127.0.0.1, and it is a loopback address`;

  it.each(["tcp", "redis", "postgres"] as const)("is not reached by %s, and its check is refused", async (method) => {
    const check = { health_method: method, health_url: `${method}://${REBOUND}:${faulty.http}` };
    expect((await runCheck(check, false, rebound(open, ""))).error ?? "").not.toMatch(/^(connect|refused)/);
    expect(await runCheck(check, false, refusing)).toMatchObject({ verdict: "unprobeable", latency_ms: null, error });
  });

  it.each(["GET", "POST"] as const)("is not reached by http (%s), and its check is refused", async (method) => {
    const key = `rebound-${method}`;
    const check = { health_url: `http://${REBOUND}:${faulty.http}/hit?key=${key}`, health_options: { method } };
    expect(await runCheck(check, false, refusing)).toMatchObject({ verdict: "unprobeable", latency_ms: null, error });
    expect(await hits(key)).toBe(0);
    expect((await runCheck(check, false, rebound(open, ""))).verdict).toBe("ok");
    expect(await hits(key)).toBe(1);
  });

  it("is not reached by a redirect", async () => {
    const location = `http://${REBOUND}:${faulty.http}/hit?key=rebound-redirect`;
    const fetch = async (input: RequestInfo | URL, init?: RequestInit) =>
      String(input).includes("outside")
        ? new Response(null, { status: 302, headers: { location } })
        : await refusing.fetch(input, init);
    const found = await runCheck({ health_url: "http://outside.example.com/" }, false, { ...refusing, fetch });
    expect(found).toMatchObject({ verdict: "unprobeable", error });
    expect(await hits("rebound-redirect")).toBe(0);
  });

  it("and back again is not reached either, and fails as any other", async () => {
    const check = { health_url: `http://${REBOUND}:${faulty.http}/hit?key=rebound-twice` };
    const found = await runCheck(check, false, rebound(env.PUBLIC_ONLY, "ECONNREFUSED"));
    expect(found).toMatchObject({ verdict: "fail", error: CAUSES.refused });
    expect(await hits("rebound-twice")).toBe(0);
  });
});
