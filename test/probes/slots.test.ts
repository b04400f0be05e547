import { expect, it } from "vitest";
import { Slots } from "../../src/probes/slots.ts";

/** Tasks that stay until they are let go, and how many run. */
function crowd(slots: Slots) {
  let running = 0;
  let most = 0;
  const release: (() => void)[] = [];
  const enter = (kind: "http" | "tcp", host: string) =>
    slots.run(kind, host, async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((done) => release.push(done));
      running -= 1;
    });
  /** Lets everyone go, until all of these are through. */
  const drain = async (all: Promise<void>[]) => {
    let through = false;
    const done = Promise.all(all).then(() => {
      through = true;
    });
    while (!through) {
      release.shift()?.();
      await tick();
    }
    await done;
  };
  return { enter, drain, running: () => running, most: () => most };
}

const tick = () => new Promise((done) => setTimeout(done));

it("lets six run in all, three to a host and three raw sockets", async () => {
  const limits = { total: 6, tcp: 3, perHost: 3 };
  const sameHost = crowd(new Slots(limits));
  const one = Array.from({ length: 5 }, () => sameHost.enter("http", "a:80"));
  await tick();
  expect(sameHost.running()).toBe(3);
  await sameHost.drain(one);

  const manyHosts = crowd(new Slots(limits));
  const many = Array.from({ length: 20 }, (_, n) => manyHosts.enter("http", `h${n}:80`));
  await tick();
  expect(manyHosts.running()).toBe(6);
  await manyHosts.drain(many);
  expect(manyHosts.most()).toBe(6);

  const sockets = crowd(new Slots(limits));
  const raw = Array.from({ length: 5 }, (_, n) => sockets.enter("tcp", `h${n}:1`));
  await tick();
  expect(sockets.running()).toBe(3);
  await sockets.drain(raw);
});

it("lets those pass whose host has room", async () => {
  const slots = crowd(new Slots({ total: 4, tcp: 4, perHost: 1 }));
  const all = [slots.enter("http", "busy:1"), slots.enter("http", "busy:1"), slots.enter("http", "free:1")];
  await tick();
  expect(slots.running()).toBe(2);
  await slots.drain(all);
});

it("frees the slot of a task that throws", async () => {
  const slots = new Slots({ total: 1, tcp: 1, perHost: 1 });
  await expect(slots.run("tcp", "a:1", () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  await expect(slots.run("tcp", "a:1", async () => "next")).resolves.toBe("next");
});
