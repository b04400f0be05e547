/** What the hub's objects need of their platform, for tests in this process. Stands in for `cloudflare:workers`. */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

export class DurableObject {
  readonly ctx: unknown;
  readonly env: unknown;

  constructor(ctx: unknown, env: unknown) {
    this.ctx = ctx;
    this.env = env;
  }
}

/** No socket is ever opened here. */
class SocketPair {}

Object.assign(globalThis, { WebSocketRequestResponsePair: SocketPair });

/** The state of one object. `background`: takes what the object does after it has answered. */
export class ObjectState {
  readonly storage = new ObjectStorage();
  readonly #background: (work: Promise<unknown>) => void;

  constructor(background: (work: Promise<unknown>) => void) {
    this.#background = background;
  }

  waitUntil(work: Promise<unknown>): void {
    this.#background(work);
  }

  setWebSocketAutoResponse(): void {}

  getWebSockets(): [] {
    return [];
  }
}

class ObjectStorage {
  readonly #values = new Map<string, unknown>();
  #alarm: number | null = null;
  #database: DatabaseSync | null = null;

  async get(name: string): Promise<unknown> {
    return structuredClone(this.#values.get(name));
  }

  async put(name: string, value: unknown): Promise<void> {
    this.#values.set(name, structuredClone(value));
  }

  async delete(name: string): Promise<boolean> {
    return this.#values.delete(name);
  }

  async getAlarm(): Promise<number | null> {
    return this.#alarm;
  }

  async setAlarm(at: number): Promise<void> {
    this.#alarm = at;
  }

  async deleteAlarm(): Promise<void> {
    this.#alarm = null;
  }

  /** Returns whether the alarm was due, which is over then. */
  takeAlarm(now: number): boolean {
    if (this.#alarm === null || this.#alarm > now) return false;
    this.#alarm = null;
    return true;
  }

  get sql() {
    return {
      exec: (text: string, ...values: SQLInputValue[]) => {
        this.#database ??= new DatabaseSync(":memory:");
        const rows = this.#database.prepare(text).all(...values);
        return { toArray: () => rows, one: () => rows[0] };
      },
    };
  }
}
