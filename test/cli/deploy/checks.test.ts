import { describe, expect, test } from "vitest";
import { bindingFindings } from "../../../src/cli/deploy/bindings.ts";
import {
  busyMs,
  checkDeployment,
  dateFinding,
  flagFindings,
  sizeFinding,
  sqlMigrationFindings,
  startFinding,
} from "../../../src/cli/deploy/checks.ts";
import type { DeployedConfig } from "../../../src/cli/deploy/config.ts";
import { type Finding, findingLine } from "../../../src/cli/deploy/finding.ts";
import { objectFindings } from "../../../src/cli/deploy/objects.ts";
import { queueFindings } from "../../../src/cli/deploy/queues.ts";
import type { BindingKind } from "../../../src/core/hub/binding-kinds.ts";

const MIB = 1_024 * 1_024;
const BOUND = new Map<string, BindingKind>([
  ["DB", "D1 database"],
  ["PROBES", "queue"],
  ["BOARD", "Durable Object"],
  ["LIMIT", "rate limit"],
]);
const CONFIG: DeployedConfig = {
  compatibility_date: "2026-10-01",
  compatibility_flags: ["nodejs_compat", "global_fetch_strictly_public"],
  vars: { HUB_ID: "hub-1" },
  triggers: { crons: ["* * * * *"] },
  d1_databases: [{ binding: "DB" }],
  durable_objects: { bindings: [{ name: "BOARD", class_name: "Board" }] },
  queues: {
    producers: [{ binding: "PROBES", queue: "hub-probes" }],
    consumers: [{ queue: "hub-probes", dead_letter_queue: "hub-probes-dead" }, { queue: "hub-probes-dead" }],
  },
  ratelimits: [{ name: "LIMIT" }],
  migrations: [{ tag: "v1", new_sqlite_classes: ["Board"] }],
};
const TODAY = "2026-11-25";

function check(changes: Partial<DeployedConfig> = {}) {
  return checkDeployment({
    config: { ...CONFIG, ...changes },
    declared: BOUND,
    exported: ["Board", "default"],
    migrationFiles: ["0001_first.sql"],
    today: TODAY,
  });
}

const notOk = (findings: readonly Finding[]) =>
  findings.filter(({ level }) => level !== "ok").map(({ level, text }) => `${level} ${text}`);

describe("the checks of a deployment", () => {
  test("find nothing wrong with a configuration that fits the code", () => {
    expect(notOk(check())).toEqual([]);
    expect(check()).toHaveLength(8);
  });

  test("find a wrong setting and a missing cron", () => {
    expect(notOk(check({ vars: { HUB_ID: "Not An Id" } }))).toEqual([expect.stringMatching(/^wrong .*HUB_ID: /)]);
    expect(notOk(check({ triggers: { crons: ["0 * * * *"] } }))).toEqual([expect.stringContaining("wrong cron")]);
    expect(notOk(check({ triggers: {} }))).toEqual([expect.stringContaining("nothing is checked without it")]);
  });

  test("are lines with the verdict before the text", () => {
    expect(findingLine({ level: "ok", text: "a" })).toBe("  ok     a");
    expect(findingLine({ level: "wrong", text: "b" })).toBe("  WRONG  b");
  });
});

test.each([
  [undefined, "wrong", "missing"],
  ["2025-11-16", "wrong", "too old"],
  ["2025-11-17", "ok", "2025-11-17"],
  [TODAY, "ok", TODAY],
  ["2026-11-26", "wrong", "in the future"],
])("the compatibility date %s is %s", (date, level, text) => {
  expect(dateFinding(date, TODAY)).toEqual({ level, text: expect.stringContaining(text) });
});

test("a missing flag is wrong, with the reason", () => {
  expect(notOk(flagFindings(["global_fetch_strictly_public"]))).toEqual([expect.stringContaining("nodejs_compat")]);
  expect(notOk(flagFindings(["nodejs_compat"]))).toEqual([expect.stringMatching(/^wrong .*its own zone/)]);
});

describe("bindings", () => {
  const problems = (changes: Partial<DeployedConfig>) =>
    notOk(bindingFindings({ ...CONFIG, ...changes }, BOUND)).join("\n");

  test("that only one side has are named, in both directions", () => {
    expect(problems({ ratelimits: [{ name: "OTHER" }] })).toBe(
      "wrong binding OTHER: wrangler.toml has this rate limit, and the code lacks it\n" +
        "wrong binding LIMIT: the code declares it (rate limit), and wrangler.toml lacks it",
    );
  });

  test("of another kind, or bound twice, are wrong", () => {
    expect(problems({ d1_databases: [], ratelimits: [{ name: "DB" }, { name: "LIMIT" }] })).toBe(
      "wrong binding DB: a rate limit in wrangler.toml, and a D1 database in the code",
    );
    expect(problems({ d1_databases: [{ binding: "DB" }, { binding: "DB" }] })).toContain("has it twice");
  });
});

describe("classes of Durable Objects", () => {
  const problems = (migrations: DeployedConfig["migrations"], exported = ["Board"]) =>
    notOk(objectFindings({ durable_objects: CONFIG.durable_objects, migrations }, exported));

  test.each<[string, DeployedConfig["migrations"], string[]]>([
    ["created", [{ tag: "v1", new_sqlite_classes: ["Board"] }], []],
    [
      "renamed",
      [
        { tag: "v1", new_classes: ["Old"] },
        { tag: "v2", renamed_classes: [{ from: "Old", to: "Board" }] },
      ],
      [],
    ],
    ["not created", [], ["wrong class Board: no migration creates it"]],
    [
      "deleted while it is bound",
      [
        { tag: "v1", new_sqlite_classes: ["Board"] },
        { tag: "v2", deleted_classes: ["Board"] },
      ],
      ["wrong class Board: migration v2 deletes it, and it is still bound"],
    ],
    [
      "deleted and created again",
      [
        { tag: "v1", new_sqlite_classes: ["Board"] },
        { tag: "v2", deleted_classes: ["Board"] },
        { tag: "v3", new_sqlite_classes: ["Board"] },
      ],
      [],
    ],
    [
      "created twice",
      [
        { tag: "v1", new_sqlite_classes: ["Board"] },
        { tag: "v2", new_sqlite_classes: ["Board"] },
      ],
      ["wrong class Board: migration v2 creates it again"],
    ],
    [
      "in two migrations with one tag",
      [{ tag: "v1", new_sqlite_classes: ["Board"] }, { tag: "v1" }],
      ["wrong migration v1: there are two with this tag"],
    ],
    [
      "deleted without being there",
      [{ tag: "v1", new_sqlite_classes: ["Board"], deleted_classes: ["Gone"] }],
      ["wrong class Gone: migration v1 deletes it, and no migration before creates it"],
    ],
    [
      "left behind",
      [{ tag: "v1", new_sqlite_classes: ["Board", "Left"] }],
      ["warn class Left: it is not bound, and no migration deletes its objects"],
    ],
  ])("that are %s", (_how, migrations, expected) => {
    expect(problems(migrations)).toEqual(expected);
  });

  test("that are not exported", () => {
    expect(problems(CONFIG.migrations, [])).toEqual(["wrong class Board: the entry of the Worker does not export it"]);
  });
});

test.each<[string, DeployedConfig["queues"], string[]]>([
  ["nothing consumes", { producers: [{ binding: "A", queue: "a-probes" }] }, ["queue a-probes: nothing consumes it"]],
  [
    "nothing fills",
    { consumers: [{ queue: "a-dead" }] },
    ["queue a-dead: no producer fills it, and it is the dead-letter queue of none"],
  ],
  [
    "loses what fails",
    { producers: [{ binding: "A", queue: "a-probes" }], consumers: [{ queue: "a-probes" }] },
    ["queue a-probes: it has no dead-letter queue, so messages that fail are lost"],
  ],
  [
    "has dead letters that nothing consumes",
    {
      producers: [{ binding: "A", queue: "a-probes" }],
      consumers: [{ queue: "a-probes", dead_letter_queue: "a-dead" }],
    },
    ["queue a-dead: it has the dead letters of a-probes, and nothing consumes it"],
  ],
  [
    "is its own dead-letter queue, is consumed twice and has a name that the Worker does not know",
    {
      producers: [{ binding: "A", queue: "a" }],
      consumers: [
        { queue: "a", dead_letter_queue: "a" },
        { queue: "a", dead_letter_queue: "a" },
      ],
    },
    [
      "queue a: the Worker knows queues that end with -probes, -outcomes, -dead",
      "queue a: it is its own dead-letter queue",
      "queue a: it has two consumers",
      "queue a: the Worker knows queues that end with -probes, -outcomes, -dead",
      "queue a: it is its own dead-letter queue",
    ],
  ],
])("a queue that %s is wrong", (_how, queues, expected) => {
  expect(notOk(queueFindings(queues))).toEqual(expected.map((text) => `wrong ${text}`));
});

test.each([
  [["0001_a.sql", "0002_b.sql", "README.md"], []],
  [["0001_a.sql", "0003_b.sql"], ["wrong SQL migration 0002: missing"]],
  [["0002_b.sql"], ["wrong SQL migration 0001: missing"]],
  [["0001_a.sql", "0001_b.sql"], ["wrong SQL migration 0001: there are 2 with this number"]],
  [["0001_a.sql", "2_b.sql"], ["wrong SQL migration 2_b.sql: expected NNNN_name.sql"]],
  [[], ["wrong SQL migrations: there is no file"]],
])("the SQL migrations %j", (files, expected) => {
  expect(notOk(sqlMigrationFindings(files))).toEqual(expected);
});

test.each([
  [64 * MIB, "ok"],
  [64 * MIB + 1, "wrong"],
])("a bundle of %i bytes is %s", (bytes, level) => {
  expect(sizeFinding(bytes).level).toBe(level);
});

test("the start-up is the time in which the processor was busy, and has a limit", () => {
  const nodes = ["(root)", "(idle)", "read"].map((functionName, id) => ({ id, callFrame: { functionName } }));
  expect(busyMs({ nodes, samples: [0, 1, 2], timeDeltas: [1_000, 50_000, 2_000] })).toBe(3);
  expect([400, 401, 5_000].map((ms) => startFinding(ms).level)).toEqual(["ok", "warn", "warn"]);
});
