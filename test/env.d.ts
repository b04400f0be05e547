/** Bindings that tests have beside those of the hub (test/vitest.config.ts). */
declare namespace Cloudflare {
  interface Env {
    DB: D1Database;
    TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
  }
}
