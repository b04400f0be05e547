/** The bindings of the tests in workerd: those of the hub, and the migrations (test/vitest.config.ts). */
declare namespace Cloudflare {
  interface Env extends HubBindings {
    TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
  }
}

type HubBindings = import("../src/platform/bindings.ts").Bindings;
