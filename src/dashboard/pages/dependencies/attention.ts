import { createContext } from "react";
import type { Lit } from "../../model/dependency-focus.ts";

/** The service that a reader looks at. It is a context, because it changes with each move of the pointer and no place depends on it. */
export interface Attention {
  /** Null while nothing is pointed at. */
  lit: Lit | null;
  /** Keys of the services that were searched, and of the one whose neighbourhood is shown. */
  found: ReadonlySet<string>;
  /** `null`: nothing is pointed at any more. */
  point(key: string | null): void;
}

export const AttentionContext = createContext<Attention>({ lit: null, found: new Set(), point: () => {} });
