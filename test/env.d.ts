/** The bindings of the tests in workerd: those of the hub, and what test/vitest.config.ts adds. */
declare namespace Cloudflare {
  interface Env extends HubBindings {
    TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
    /** The network of probes where private targets are refused. */
    PUBLIC_ONLY: Fetcher;
    ANYWHERE: Fetcher;
  }
}

type HubBindings = import("../src/platform/bindings.ts").Bindings;
