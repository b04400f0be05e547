/** Reads the labels of a container one by one, and keeps what is wrong with each, so that a person is told. */

export interface LabelTrouble {
  label: string;
  value: string;
  /** The value that was expected, as a text for a person. */
  rule: string;
}

const UNIT_S: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600 };
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/;
const FLAGS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  "1": true,
  false: false,
  no: false,
  off: false,
  "0": false,
};

export class LabelReader {
  readonly #labels: Readonly<Record<string, string>>;
  readonly troubles: LabelTrouble[] = [];

  constructor(labels: Readonly<Record<string, string>>) {
    this.#labels = labels;
  }

  text(label: string): string | undefined {
    return this.#labels[label];
  }

  number(label: string): number | undefined {
    const text = this.#given(label);
    if (text === undefined || /^-?\d+(\.\d+)?$/.test(text)) return text === undefined ? undefined : Number(text);
    return this.#refuse(label, "expected a number");
  }

  /** `30`, or `30s`, `1m30s`, `1h` as Compose writes times. */
  seconds(label: string): number | undefined {
    const text = this.#given(label);
    if (text === undefined || !DURATION.test(text)) {
      if (text === undefined || /^\d+(\.\d+)?$/.test(text)) return text === undefined ? undefined : Number(text);
      return this.#refuse(label, "expected seconds, or a time such as 30s or 1m30s");
    }
    const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g);
    return parts.reduce((sum, [, amount, unit = "s"]) => sum + Number(amount) * (UNIT_S[unit] ?? 1), 0);
  }

  oneOf<T extends string>(label: string, all: readonly T[]): T | undefined {
    const text = this.#given(label);
    const found = all.find((each) => each === text?.toLowerCase());
    return text === undefined || found !== undefined ? found : this.#refuse(label, `expected ${all.join(", ")}`);
  }

  flag(label: string): boolean | undefined {
    const text = this.#given(label);
    if (text === undefined) return undefined;
    const word = text.toLowerCase();
    return Object.hasOwn(FLAGS, word) ? FLAGS[word] : this.#refuse(label, "expected true or false");
  }

  /** Undefined: there is no such label. */
  list(label: string): string[] | undefined {
    const text = this.#labels[label];
    return text === undefined ? undefined : listOf(text);
  }

  /** Says what is wrong with the value of a label. */
  refuse(label: string, rule: string): void {
    this.#refuse(label, rule);
  }

  /** Labels without a value are as good as none. */
  #given(label: string): string | undefined {
    return this.#labels[label]?.trim() || undefined;
  }

  #refuse(label: string, rule: string): undefined {
    this.troubles.push({ label, value: this.#labels[label] ?? "", rule });
    return undefined;
  }
}

export function listOf(text: string): string[] {
  const items = text.split(",").map((item) => item.trim());
  return [...new Set(items.filter((item) => item !== ""))];
}
