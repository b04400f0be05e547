/** The containers that have labels of services, with what the labels say. They are read anew only when they change. */

import { type LabelRules, NO_LABEL_RULES } from "../reach.ts";
import type { Container } from "./container.ts";
import type { LabelTrouble } from "./label-reader.ts";
import { isLabelled, type ReadLabels, readLabels } from "./labels.ts";

export interface Labelled extends ReadLabels {
  container: Container;
}

interface Kept extends Labelled {
  /** The labels and facts that were read, as JSON. */
  text: string;
}

export class LabelledContainers {
  readonly #agent: string;
  readonly #kept = new Map<string, Kept>();

  readonly #rules: LabelRules;

  /** `agent`: the project of containers that name none. `rules`: what labels may do beyond their container. */
  constructor(agent: string, rules: LabelRules = NO_LABEL_RULES) {
    this.#agent = agent;
    this.#rules = rules;
  }

  /** Takes the container in as it is now. Returns false, and forgets it, when it has no labels of a service. */
  set(container: Container): boolean {
    if (!isLabelled(container.labels)) {
      this.#kept.delete(container.id);
      return false;
    }
    const { labels, name, image, ip, addresses, state } = container;
    const text = JSON.stringify([labels, name, image, ip, addresses, state === "running"]);
    const known = this.#kept.get(container.id);
    const read = known?.text === text ? known : readLabels(container, this.#agent, this.#rules);
    this.#kept.set(container.id, { service: read.service, troubles: read.troubles, container, text });
    return true;
  }

  delete(id: string): void {
    this.#kept.delete(id);
  }

  get(id: string): Labelled | undefined {
    return this.#kept.get(id);
  }

  ids(): string[] {
    return [...this.#kept.keys()];
  }

  all(): Labelled[] {
    return [...this.#kept.values()];
  }

  /** One text for each wrong label: container, label, value and rule. */
  troubles(): string[] {
    return this.all().flatMap(({ container, troubles }) => troubles.map((trouble) => troubleText(container, trouble)));
  }
}

const MAX_VALUE_CHARS = 40;

export function troubleText({ name }: Pick<Container, "name">, { label, value, rule }: LabelTrouble): string {
  const shown = value.length > MAX_VALUE_CHARS ? `${value.slice(0, MAX_VALUE_CHARS)}…` : value;
  return `${name}: ${label}=${shown}: ${rule}`;
}
