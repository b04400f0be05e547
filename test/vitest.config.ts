import { getCACertificates } from "node:tls";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { ANY_NETWORK, PUBLIC_NETWORK } from "../src/core/service/public-network.ts";
import { COVERAGE_LIMITS } from "./coverage-limits.ts";

const root = new URL("..", import.meta.url).pathname;

/** Runtimes load every module anew: fewer, larger ones are quicker. */
const BUNDLED = [
  ...["zod", "drizzle-orm", "drizzle-orm/d1", "drizzle-orm/sqlite-core", "drizzle-orm/errors", "yaml", "json-p3"],
  ...["hono", "hono/secure-headers", "hono/method-not-allowed", "hono/http-exception", "hono/cookie"],
  ...["hono/body-limit", "@hono/zod-openapi", "http-message-sig", "ipaddr.js"],
];

/** Whom the runtime's own network trusts. */
const trusted = { trustBrowserCas: true, trustedCertificates: getCACertificates("extra") };

/** What waits long comes before what needs the processors only. */
const ORDER = ["browser", "system", "long", "runtime", "in-node", "unit-slow", "unit"];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ project }: TestSpecification) => ORDER.indexOf(project.name);
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}

/** Its certificates are made by openssl, and trusted by its process alone. */
const TLS_OF_AGENTS = "test/agent/tls.test.ts";
const API_DOCUMENT = "test/client/api-document.test.ts";

/** They start programs, or play through months and thousands of histories. */
/** Durable Objects run in Node, too. */
const OBJECTS_IN_NODE = [{ find: "cloudflare:workers", replacement: `${root}test/federation/objects-in-node.ts` }];
const SLOW_UNITS = [
  "test/agent/hub-that-lies.test.ts",
  "test/cli/deploy.test.ts",
  "test/core/simulation.test.ts",
  "test/federation/convergence.test.ts",
  "test/federation/hostile.test.ts",
  "test/node/memory.test.ts",
  "test/pipeline/dead-region.test.ts",
  "test/pipeline/plan.test.ts",
];

/** Of projects whose tests start hubs as processes. The limits only end what would hang for ever. */
const PROCESSES = {
  globalSetup: ["test/processes/global-setup.ts"],
  setupFiles: ["test/processes/own-environment.ts"],
  testTimeout: 300_000,
  hookTimeout: 300_000,
};

export default defineConfig({
  root,
  test: {
    // An object that wakes up while its runtime ends asks for a module that nobody gives it any more.
    // So does a line that it logs then, which nobody takes.
    onUnhandledError: ({ message }) => !/Closing rpc while "(resolve|onUserConsoleLog)" was pending/.test(message),
    maxWorkers: 5, // more than cores: the tests against servers mostly wait
    coverage: {
      provider: "istanbul",
      include: ["src/**/*.ts"],
      exclude: ["src/dashboard/**"],
      reporter: ["text-summary", "json-summary", "json", "html"],
      reportOnFailure: true,
      reportsDirectory: "coverage",
      thresholds: COVERAGE_LIMITS,
    },
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        root,
        test: {
          name: "unit",
          isolate: false,
          alias: OBJECTS_IN_NODE,
          testTimeout: 100_000,
          hookTimeout: 100_000,
          include: [
            "test/{core,node,backup,bench,platform,pipeline,federation,agent,cli,client,command,dashboard,docs}/**/*.test.ts",
            "test/layers.test.ts",
          ],
          exclude: [...SLOW_UNITS, API_DOCUMENT, TLS_OF_AGENTS],
        },
      },
      {
        root,
        test: {
          // `npm run verify` has no time for these.
          name: "unit-slow",
          isolate: false,
          alias: OBJECTS_IN_NODE,
          testTimeout: 100_000,
          hookTimeout: 100_000,
          include: SLOW_UNITS,
        },
      },
      {
        root,
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              // As in wrangler.toml, but reached by a test on a busy machine too.
              ratelimits: { REQUEST_LIMIT: { namespace_id: "1001", simple: { limit: 1_000, period: 60 } } },
              serviceBindings: {
                PUBLIC_ONLY: { network: PUBLIC_NETWORK },
                ANYWHERE: { network: { ...ANY_NETWORK, tlsOptions: trusted } },
              },
              bindings: {
                TEST_MIGRATIONS: await readD1Migrations(`${root}/migrations`),
                ALLOW_PRIVATE_TARGETS: "true",
                HUB_ADMIN_TOKEN: "test-admin-token-0000",
                HUB_URL: "https://hub.test",
                FEDERATION_TOKEN: "join-token-of-the-tests",
              },
            },
          })),
        ],
        test: {
          name: "runtime",
          // A runtime takes long to start, so the files share one, which is emptied before each.
          isolate: false,
          setupFiles: ["test/empty-runtime.ts", "test/store/query-plans.ts"],
          deps: { optimizer: { ssr: { enabled: true, include: BUNDLED } } },
          include: ["test/{probes,store,nats,objects,http,worker}/**/*.test.ts"],
          globalSetup: ["test/servers/global-setup.ts"],
          testTimeout: 200_000,
          hookTimeout: 100_000,
        },
      },
      {
        root,
        test: {
          // The agent's probes are the hub's, so the same tests hold for them. The document needs schemas that know it
          // from their beginning, so no other file may have made them.
          name: "in-node",
          alias: [{ find: "./runtime.ts", replacement: `${root}test/probes/runtime-in-node.ts` }],
          include: [
            "test/probes/{corpus,http,sockets,dns,dns-lies,tcp-steps,websocket,postgres-query,secrets}.test.ts",
            TLS_OF_AGENTS,
            API_DOCUMENT,
          ],
          globalSetup: ["test/servers/global-setup.ts"],
          testTimeout: 100_000,
          hookTimeout: 100_000,
        },
      },
      {
        root,
        test: {
          name: "system",
          isolate: false, // a process for each file would take as long to start as a hub
          include: ["test/{system,relay}/**/*.test.ts"],
          ...PROCESSES,
        },
      },
      {
        root,
        test: {
          name: "browser",
          include: ["test/browser/dashboard.test.ts"],
          expect: { poll: { timeout: 90_000 } },
          ...PROCESSES,
        },
      },
      {
        root,
        test: {
          // What must be true in real time; runs alone and last. At most ten tests in all.
          name: "stopwatch",
          include: ["test/stopwatch/*.test.ts"],
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
          ...PROCESSES,
        },
      },
      {
        root,
        test: {
          // What takes minutes; `npm run test:long` runs it, and `npm test` does not.
          name: "long",
          isolate: false,
          sequence: { groupOrder: 1 },
          include: ["test/long/**/*.test.ts"],
          ...PROCESSES,
        },
      },
    ],
  },
});
