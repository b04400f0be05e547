/** The definition of a probe method: one value of the type Method in a file of its own. index.ts lists them. */
import type { z } from "zod";
import type { ServiceType } from "../service/records.ts";
import type { FieldError } from "../values/fields.ts";
import type { Target, TargetForm } from "./target-form.ts";

/**
 * The programs that can run a check. `hub`: the hub over the network, or an agent in its place. `service`: none, the
 * service itself calls in. `agent`: an agent only. Documents name the methods in this order.
 */
export const RUNNERS = ["hub", "service", "agent"] as const;
export type Runner = (typeof RUNNERS)[number];

/** The input of an option in a form; an array has the values to choose from. */
export type OptionInput = "number" | "text" | "flag" | "json" | readonly string[];

/** The libraries that rules need. They are passed in, so that a page that only shows options loads none of them. */
export interface RuleDeps {
  /** Returns what is wrong with a JSONPath; null: nothing. */
  pathError(path: string): string | null;
}

export interface Option<S extends z.ZodType = z.ZodType> {
  schema: S;
  /**
   * Its description in the API's document, which puts the names of its methods before it. Absent: the document has the
   * schema's own description, or none.
   */
  says?: string;
  /** A sentence for the form of a service. */
  meaning: string;
  /** A value that is valid. */
  example: z.infer<S>;
  input: OptionInput;
  /** It judges what the engine of a container reports, so the service must be in one. */
  ofContainers?: true;
  /**
   * The answer is compared with it, or with these members of each item of it. Names of secrets stay names there, so that
   * no comparison finds a secret out.
   */
  isCompared?: true | readonly string[];
  /** Returns what is wrong with the value beyond its schema; paths are below the option, such as `[0].path`. */
  refusals?(value: z.infer<S>, deps: RuleDeps): FieldError[];
}

export type Options = Readonly<Record<string, Option>>;
export type OptionValues<O extends Options> = { [K in keyof O]?: z.infer<O[K]["schema"]> | undefined };

/** The part of a check that the rules of its method judge. */
export interface JudgedCheck<O extends Options = Options> {
  health_url: string;
  health_options: OptionValues<O>;
  agent: string | null;
  /** Null: the method has no target, or `health_url` is none. Other rules refuse that. */
  target: Target | null;
}

/** The hub probes by a target. So does an agent when a method that only agents run has one. */
type TargetOf<R extends Runner> = R extends "hub" ? TargetForm : R extends "agent" ? TargetForm | null : null;

export interface Method<
  N extends string = string,
  R extends Runner = Runner,
  O extends Options = Options,
  T extends TargetForm | null = TargetOf<R>,
> {
  name: N;
  /** A sentence that says what the method checks. */
  checks: string;
  runner: R;
  /** Null: a check needs no target, and any text may stand there. */
  target: T;
  /** All other options are refused. */
  options: O;
  /** It follows a container, so its services need no other mark that they are in one. */
  isOfContainer?: true;
  /** The type of a service whose registration names none. `target`: null when it can't be read. */
  serviceType(target: Target | null): ServiceType;
  /** Returns what can't work in the check as a whole: else it would look like a service that is down, or up, for ever. */
  refusals(check: JudgedCheck<O>): FieldError[];
}

export const option = <S extends z.ZodType>(definition: Option<S>): Option<S> => definition;

export const defineMethod = <
  const N extends string,
  const R extends Runner,
  O extends Options,
  T extends TargetForm | null,
>(
  definition: Method<N, R, O, T> & { target: TargetOf<R> },
): Method<N, R, O, T> => definition;

/** `name`: of an option, or of a value in it. */
export const atOption = (name: string, message: string): FieldError => ({ path: `health_options.${name}`, message });
export const atTarget = (message: string): FieldError => ({ path: "health_url", message });
