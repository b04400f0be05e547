import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

const root = new URL("../..", import.meta.url).pathname;
export default defineConfig({
  root,
  plugins: [cloudflareTest({ miniflare: { compatibilityDate: "2026-10-01", compatibilityFlags: ["nodejs_compat"] } })],
  test: {
    include: ["test/probes/**/*.test.ts"],
    globalSetup: ["test/servers/global-setup.ts"],
    testTimeout: 20000,
    coverage: {
      provider: "istanbul",
      include: ["src/probes/**", "src/core/{target,address,json-assertions}.ts"],
      reporter: ["text"],
      reportsDirectory: "/tmp/probe-cov",
    },
  },
});
