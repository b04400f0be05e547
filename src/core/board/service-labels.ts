/** The tags and metadata of services, kept for the summary as long as they are small enough together. */
import { jsonBytes } from "../values/json-value.ts";

/** Of the metadata of all services of a summary together. */
export const MAX_METADATA_BYTES = 1_000_000;
/** Of the tags of all services together: 200 for each of 10,000. */
export const MAX_TAGS_BYTES = 2_000_000;

export interface Labels {
  tags: string[];
  metadata: Record<string, unknown>;
}

export class ServiceLabels {
  readonly #tags = new BoundedValues<Labels["tags"]>(MAX_TAGS_BYTES);
  readonly #metadata = new BoundedValues<Labels["metadata"]>(MAX_METADATA_BYTES);

  set(id: number, { tags, metadata }: Labels): void {
    this.#tags.set(id, tags);
    this.#metadata.set(id, metadata);
  }

  delete(id: number): void {
    this.#tags.delete(id);
    this.#metadata.delete(id);
  }

  clear(): void {
    this.#tags.clear();
    this.#metadata.clear();
  }

  /** Without those that are left out; empty for a service that was never set. */
  of(id: number): Partial<Labels> {
    const tags = this.#tags.get(id);
    const metadata = this.#metadata.get(id);
    return { ...(tags === undefined ? {} : { tags }), ...(metadata === undefined ? {} : { metadata }) };
  }

  /** The labels that were left out, because all together were too large. */
  get leftOut(): (keyof Labels)[] {
    return [...(this.#metadata.isWhole ? [] : ["metadata" as const]), ...(this.#tags.isWhole ? [] : ["tags" as const])];
  }

  /** Whether something was left out that is small enough by now: all services have to be set again. */
  get isOutgrown(): boolean {
    return [this.#tags, this.#metadata].some((values) => !values.isWhole && values.fits);
  }
}

/** Values by the id of their service. Of values that are too large together it keeps only the sizes. */
class BoundedValues<T> {
  readonly #maxBytes: number;
  readonly #sizes = new Map<number, number>();
  readonly #values = new Map<number, T>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get fits(): boolean {
    return this.#bytes <= this.#maxBytes;
  }

  get isWhole(): boolean {
    return this.#values.size === this.#sizes.size;
  }

  set(id: number, value: T): void {
    const size = jsonBytes(value);
    this.#bytes += size - (this.#sizes.get(id) ?? 0);
    this.#sizes.set(id, size);
    if (this.fits) this.#values.set(id, value);
    else this.#values.clear();
  }

  delete(id: number): void {
    this.#bytes -= this.#sizes.get(id) ?? 0;
    this.#sizes.delete(id);
    this.#values.delete(id);
  }

  clear(): void {
    this.#bytes = 0;
    this.#sizes.clear();
    this.#values.clear();
  }

  get(id: number): T | undefined {
    return this.isWhole ? this.#values.get(id) : undefined;
  }
}
