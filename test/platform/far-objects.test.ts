import { expect, it } from "vitest";
import { withFarObjects } from "../far/far-objects.ts";

/** Notes what happens, in order; a stub answers its arguments. */
function place() {
  const story: string[] = [];
  class Stub {
    readonly name: string;
    constructor(name: string) {
      this.name = name;
    }
    add(numbers: number[]): Promise<string> {
      story.push(`${this.name} is called with ${numbers}`);
      return Promise.resolve(`${this.name} has ${numbers}`);
    }
    fail(): Promise<never> {
      story.push("it fails");
      return Promise.reject(new Error("broken"));
    }
    fetch(request: { url: string }): Promise<string> {
      return Promise.resolve(`${this.name} at ${request.url}`);
    }
  }
  class Namespace {
    readonly #stubs = new Map<string, Stub>();
    idFromName(name: string): string {
      return `id of ${name}`;
    }
    get(id: string): Stub {
      const stub = this.#stubs.get(id) ?? new Stub(id);
      this.#stubs.set(id, stub);
      return stub;
    }
  }
  const near = { BOARD: new Namespace(), OTHER: new Namespace(), HUB_ID: "hub-a" };
  const way = async () => void story.push("a way");
  const env = withFarObjects(near, ["BOARD"], { way, called: () => story.push("over") });
  return { story, env };
}

it("travels to an object and back", async () => {
  const { story, env } = place();
  const board = env.BOARD.get(env.BOARD.idFromName("board"));
  expect(await board.add([1, 2])).toBe("id of board has 1,2");
  expect(story).toEqual(["a way", "id of board is called with 1,2", "a way", "over"]);
  expect(board.name).toBe("id of board");
});

it("sends what the caller passed, whatever becomes of it while it is on its way", async () => {
  const { env } = place();
  const numbers = [1];
  const answer = env.BOARD.get("b").add(numbers);
  numbers.push(2);
  expect(await answer).toBe("b has 1");
});

it("brings a failure back as late as an answer", async () => {
  const { story, env } = place();
  await expect(env.BOARD.get("b").fail()).rejects.toThrow("broken");
  expect(story).toEqual(["a way", "it fails", "a way", "over"]);
});

it("passes a request on as it is", async () => {
  const { env } = place();
  const request = { url: "http://hub.test/", body: () => {} }; // no copy can be made of it
  expect(await env.BOARD.get("b").fetch(request)).toBe("b at http://hub.test/");
});

it("leaves all other bindings as they are", async () => {
  const { story, env } = place();
  expect(await env.OTHER.get("o").add([3])).toBe("o has 3");
  expect(env.HUB_ID).toBe("hub-a");
  expect(story).toEqual(["o is called with 3"]);
});
