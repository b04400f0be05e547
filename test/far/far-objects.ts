/** Durable Objects on another continent: what the Worker or an object calls is that far away. */

/** As far as a namespace of Durable Objects, and a stub, are used here. */
type Namespace = object;
type Stub = object;

export interface Journey {
  /** Resolves when a call has arrived, or its answer. */
  way(): Promise<void>;
  /** A call was answered, or failed. */
  called(): void;
}

/** Returns the bindings with other namespaces: each call of a stub travels there and back. All else is the same. */
export function withFarObjects<Env extends object>(
  env: Env,
  names: readonly (keyof Env & string)[],
  journey: Journey,
): Env {
  const far = Object.entries(env).map(([name, binding]) => {
    const isNamespace = names.some((each) => each === name);
    return [name, isNamespace ? farNamespace(binding, journey) : binding];
  });
  return Object.fromEntries(far);
}

function farNamespace(namespace: Namespace, journey: Journey): Namespace {
  return new Proxy(namespace, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== "function") return value;
      if (key !== "get" && key !== "getByName") return value.bind(target);
      return (...args: unknown[]) => farStub(Reflect.apply(value, target, args), journey);
    },
  });
}

function farStub(stub: Stub, { way, called }: Journey): Stub {
  return new Proxy(stub, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== "function") return value;
      return async (...args: unknown[]) => {
        // The caller may change what it passed while the call is on its way.
        const sent = key === "fetch" ? args : structuredClone(args);
        try {
          await way();
          return await Reflect.apply(value, target, sent);
        } finally {
          await way();
          called();
        }
      };
    },
  });
}
