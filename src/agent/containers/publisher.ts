/** Tells the hub which containers there are, until it has taken that in, and again when the hub has something else. */
import {
  type Discovery,
  type DiscoveryAnswer,
  MAX_CONTAINERS,
  MAX_DISCOVERED,
  MAX_REASON_CHARS,
} from "../../core/agent/discovery.ts";
import { ENGINE_MAX_RETRY_MS } from "../../core/time/durations.ts";
import { messageOf } from "../../core/values/error-message.ts";
import { HubRefused } from "../hub-api.ts";
import { type Container, endingOf, standsBefore } from "./container.ts";
import { type Labelled, troubleText } from "./labelled.ts";
import { type DiscoveredService, shortId } from "./labels.ts";

export interface Found {
  container: Container;
  service: DiscoveredService;
}

export interface PublisherDeps {
  /** By `project/name`: all services that there are. */
  services(): Map<string, Found>;
  /** By `project/name`: all containers that exist, also of services that there are not now. */
  existing(): Map<string, Container[]>;
  /** Texts about labels that are wrong. */
  troubles(): string[];
  /** A container as it is now, by its id. */
  get(id: string): Labelled | undefined;
  put(discovery: Discovery): Promise<DiscoveryAnswer>;
  /** Called when the hub has taken them in. */
  registered(): void;
  /** Told how many services are more than a hub takes, at each attempt. */
  leftOut(count: number): void;
  /** Told what the hub refused, one text for each. */
  refused(texts: string[]): void;
  wait(ms: number): Promise<void>;
  log(line: string): void;
  signal: AbortSignal;
}

/** Answers to a list that is the same at the next attempt. */
const LIST_REFUSED = [400, 413, 415, 422];
const LEFT_OUT = `left out: an agent lists ${MAX_DISCOVERED} services at most`;

export class Publisher {
  readonly #deps: PublisherDeps;
  #sent = new Map<string, Found>();
  #sentText = "";
  /** Digest of what the hub had after it was told, and of what it has by its newest answer; undefined: an older hub. */
  #toldDigest: string | undefined;
  #hubDigest: string | undefined;
  /** Whether the hub takes all containers of a service. */
  #namesContainers = false;
  /** Services that a person has deleted while their containers run. */
  #deleted = new Set<string>();
  /** The hub did not take in all, by its newest answer. Its digest does not tell when it would. */
  #hasRefused = false;
  /** The hub is to be told although nothing changed. */
  #isDue = false;
  #isPublishing = false;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
  }

  /** Whether the hub was told of the service. */
  hasTold(key: string): boolean {
    return this.#sent.has(key);
  }

  /**
   * The hub says what it has of this agent's containers. When that is not what it was told, it is told again, and so it is
   * when it takes more than it was told: `namesContainers`, all containers of a service.
   */
  hubHas(digest: string | undefined, namesContainers: boolean): void {
    const takesOther = namesContainers !== this.#namesContainers;
    [this.#hubDigest, this.#namesContainers] = [digest, namesContainers];
    if (this.#sentText !== "" && (this.#hasLost || takesOther)) this.publish();
  }

  /** Tells the hub when something changed; one request at a time, again until it is told. */
  publish(): void {
    if (this.#isPublishing) return; // it looks for changes before it ends
    this.#isPublishing = true;
    void this.#publishAll();
  }

  /** Tells the hub also what it has refused before: what stood in the way may be gone. */
  publishAgain(): void {
    this.#isDue ||= this.#hasRefused;
    this.publish();
  }

  get #hasLost(): boolean {
    return this.#hubDigest !== undefined && this.#hubDigest !== this.#toldDigest;
  }

  async #publishAll(): Promise<void> {
    const { put, wait, log, signal, registered, troubles } = this.#deps;
    for (let failures = 0; !signal.aborted; ) {
      const all = this.#deps.services();
      const services = firstOf(all);
      this.#deps.leftOut(all.size - services.size);
      const containers = this.#containers();
      const list = [...services].map(([key, { service }]) => ({ ...service, ...containers(key) }));
      const text = JSON.stringify([list, troubles()]);
      if (text === this.#sentText && !this.#hasLost && !this.#isDue) {
        this.#isPublishing = false;
        return;
      }
      try {
        const answer = await put({
          services: list as Discovery["services"],
          gone: this.#gone(services, all, containers),
        });
        [this.#sent, this.#sentText, failures] = [services, text, 0];
        this.#isDue = false;
        this.#hear(answer);
        registered();
      } catch (error) {
        if (failures === 0) log(`containers: not told to the hub yet: ${messageOf(error)}`);
        if (error instanceof HubRefused && LIST_REFUSED.includes(error.status))
          this.#deps.refused([`the list of services is not taken: ${messageOf(error)}`]);
        failures += 1;
        await wait(Math.min(ENGINE_MAX_RETRY_MS, 500 * 2 ** (failures - 1)));
      }
    }
  }

  #hear({ refused, deleted = [], digest }: DiscoveryAnswer): void {
    [this.#toldDigest, this.#hubDigest] = [digest, digest];
    this.#hasRefused = refused.length > 0;
    this.#deps.refused(refused.map(({ project, name, reason }) => `${project}/${name}: ${reason}`));
    const before = this.#deleted;
    this.#deleted = new Set(deleted.map(({ project, name }) => `${project}/${name}`));
    for (const key of this.#deleted.difference(before)) {
      this.#deps.log(`containers: a person has deleted ${key}; it stays away until its container is made anew`);
    }
  }

  /** Names all containers of a service, in an order that changes only with them. */
  #containers(): (key: string) => { containers?: string[] } {
    if (!this.#namesContainers) return () => ({});
    const existing = this.#deps.existing();
    return (key) => {
      const most = (existing.get(key) ?? []).toSorted((a, b) => (standsBefore(a, b) ? -1 : 1)).slice(0, MAX_CONTAINERS);
      return { containers: most.map(({ id }) => shortId(id)).sort() };
    };
  }

  /** `services`: those that are listed. */
  #gone(
    services: ReadonlyMap<string, Found>,
    all: ReadonlyMap<string, Found>,
    containers: (key: string) => object,
  ): Discovery["gone"] {
    const ended = [...this.#sent].filter(([key]) => !services.has(key)).slice(0, MAX_DISCOVERED);
    return ended.map(([key, { container, service }]) => {
      const { project, name } = service;
      return { project, name, reason: all.has(key) ? LEFT_OUT : this.#endOf(container.id), ...containers(key) };
    });
  }

  #endOf(id: string): string {
    const known = this.#deps.get(id);
    const [trouble] = known?.troubles ?? [];
    if (known === undefined || known.service !== null || trouble === undefined)
      return endingOf(known?.container ?? null);
    return `container ${troubleText(known.container, trouble)}`.slice(0, MAX_REASON_CHARS);
  }
}

/** As many as a hub takes: the first ones by their names, so that the same ones are left out after each start. */
function firstOf(services: Map<string, Found>): Map<string, Found> {
  if (services.size <= MAX_DISCOVERED) return services;
  const byName = [...services].sort(([one], [other]) => (one < other ? -1 : 1));
  return new Map(byName.slice(0, MAX_DISCOVERED));
}
