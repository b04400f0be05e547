/** Every case of the corpus, by the hub, over a socket as a deployed hub does, and by an agent; corpus/README.md. */
import { describe, expect, inject, it } from "vitest";
import { type CorpusFound, type Place, wayOf } from "../servers/corpus-case.ts";
import { runCheck } from "./run-check.ts";
import { runtime, WAYS } from "./runtime.ts";

const servers = inject("servers");
const memory = { get: () => undefined, set: () => {} };

/** `{port}` is the port of the case's own server, `{redis.open}` that of a real one. */
function filled(url: string, port: number | undefined): string {
  return url.replace(/\{([\w.]+)\}/g, (_match, path: string) => {
    const found = path
      .split(".")
      .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], { port, ...servers });
    return String(found);
  });
}

function expectFound(found: { verdict: string; error: string | null; details: object }, wanted: CorpusFound): void {
  const { verdict, error, details } = wanted;
  const pattern = /^\/(.*)\/$/s.exec(error ?? "")?.[1];
  expect(found).toMatchObject({
    verdict,
    error: pattern === undefined ? error : expect.stringMatching(new RegExp(pattern)),
    ...(details === undefined ? {} : { details }),
  });
}

describe.each(Object.entries(WAYS))("by %s", (name, over) => {
  const place = name as Place;
  const way = wayOf(place);
  // The clock that ends a probe is the hub's own, whatever network it has.
  const isOther = ({ error }: CorpusFound) => place !== "local hub" || !error?.includes("timeout");
  const cases = servers.corpus.filter((each) => each.only.includes(way) && isOther(each.except[way] ?? each));
  it.each(cases.map((each) => [each.name, each] as const))("%s", async (_name, each) => {
    const { check, secret, except } = each;
    const { looks } = runtime;
    // What must pass may take long on a busy machine.
    const mustPass = each.verdict === "ok" || each.verdict === "warn";
    const { health_timeout = mustPass ? 30 : 2 } = check;
    const found = await runCheck(
      { ...check, health_timeout, health_url: filled(check.health_url, each.ports[place]) },
      true,
      {
        ...over,
        ...(looks === undefined ? {} : { looks: { ...looks, memory } }),
        ...(secret === undefined ? {} : { secret: () => secret }),
      },
    );
    expectFound(found, except[way] ?? each);
  });
});
