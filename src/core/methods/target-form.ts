/** The form of a target, as each method describes it, and the parts that a target has. */

/** Meanings as in libpq. `allow` and `prefer` continue without TLS when the server has none. */
export const SSL_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
export type SslMode = (typeof SSL_MODES)[number];

/**
 * The parts of a target, decoded unless a field says otherwise. All parts except host and port may contain
 * `${PROBE_SECRET_X}`.
 */
export interface Target {
  /** The canonical host; an IPv6 address has no brackets. */
  host: string;
  port: number;
  tls: boolean;
  /** Path and query of a URL of http, percent-encoded except the braces of a reference; dns://: the name to ask. */
  path: string;
  user: string | null;
  password: string | null;
  /** postgres: its name; redis: its number, null when the target names none or no number. */
  database: string | null;
  sslmode: SslMode;
}

/** The parts that a method reads by its own rules. */
export type TargetParts = Omit<Target, "host" | "port" | "tls">;

export const NO_PARTS: TargetParts = { path: "", user: null, password: null, database: null, sslmode: "prefer" };

/** The parts of a target's URL besides its host and port. */
export interface TargetUrl {
  /** In lower case. */
  scheme: string;
  /** Decoded; empty: the URL has none. */
  user: string;
  /** Decoded; empty: the URL has none. */
  password: string;
  /** The path without its first slash, decoded; null: there is none, or it is no percent-encoded text. */
  name: string | null;
  /** Path and query, percent-encoded except the braces of a reference. */
  path: string;
  query: URLSearchParams;
}

export interface Scheme {
  tls: boolean;
  /** The port of a target that names none; null: the target must name one. */
  port: number | null;
}

export interface TargetForm {
  /** Says to a person which targets the method takes. */
  expected: string;
  /** A target that is valid. */
  example: string;
  schemes: Readonly<Record<string, Scheme>>;
  /** The scheme of a target that names none; absent: the target must name one. */
  bareScheme?: string;
  /** The target is a host and a port, and nothing else. */
  isEndpointOnly?: true;
  /** A user without a password is a token, so it is as secret as a password. */
  userIsToken?: true;
  /** Returns the parts, or a text for a person that says why the target is refused. */
  parts(url: TargetUrl): TargetParts | { refused: string };
}
