import { expect, test } from "vitest";
import { planLines } from "../../src/command/plan-text.ts";
import { duration, painter, printable, tableLines } from "../../src/command/text.ts";
import { stateTeller } from "../../src/command/watch.ts";
import { WatchLines } from "../../src/command/watch-lines.ts";

const plain = painter({ isTerminal: false, environment: {} });

test("colours are for terminals, and not when NO_COLOR is set", () => {
  expect(plain("up", "green")).toBe("up");
  expect(painter({ isTerminal: true, environment: {} })("up", "green")).toBe("\u001b[32mup\u001b[0m");
  expect(painter({ isTerminal: true, environment: { NO_COLOR: "1" } })("up", "green")).toBe("up");
});

test("the columns of a table stay aligned when a cell is painted", () => {
  const paint = (text: string) => `<${text}>`;
  expect(
    tableLines(
      ["A", "B"],
      [
        [{ text: "long", paint }, { text: "1" }],
        [{ text: "x", paint }, { text: "2" }],
      ],
    ),
  ).toEqual(["A     B", "<long>  1", "<x>     2"]);
});

test("a text from elsewhere can't steer the terminal", () => {
  expect(printable("a\u001b[31mb\u0007")).toBe("a\u{fffd}[31mb\u{fffd}");
});

test("a duration has its two largest units", () => {
  expect([0, 59_000, 3_725_000, 90_000_000, 86_400_000].map(duration)).toEqual(["0s", "59s", "1h 2m", "1d 1h", "1d"]);
});

test("a plan shows each change and the totals of all projects", () => {
  const first = { create: ["web", "api"], update: ["db"], delete: [], unchanged: 3 };
  const second = { create: [], update: [], delete: ["old"], unchanged: 0 };
  const plans = [
    { project: "shop", is_new: true, plan: first, revision: null },
    { project: "blog", is_new: false, plan: second, revision: "r" },
  ];
  expect(planLines(plans, plain)).toEqual([
    "+ project shop",
    "  + create  web",
    "  + create  api",
    "  ~ update  db",
    "    unchanged: 3",
    "",
    "  project blog",
    "  - delete  old",
    "",
    "Plan: 2 to add, 1 to change, 1 to delete.",
  ]);
});

test("a snapshot after a break shows only what changed meanwhile", () => {
  const lines = new WatchLines(plain, () => 0);
  const at = "2026-01-01T00:00:00.000Z";
  const service = (id: number, status: "up" | "down") => ({
    ...({ id, project_id: 1, project: "shop", name: `s${id}`, type: "web", status, since: at } as const),
    last_health_check: at,
    latency_ms: 1,
    flapping: false,
  });
  const before = [service(1, "up"), service(2, "up"), service(3, "up")];
  expect(lines.linesOf({ type: "snapshot", seq: 1, at, services: before })).toEqual([]);
  const after = [service(1, "up"), service(2, "down"), service(4, "up")];
  const found = lines.linesOf({ type: "snapshot", seq: 9, at, services: after }).map((line) => line.slice(10));
  expect(found).toEqual(["shop/s2  up -> down", "+ shop/s4 registered", "- shop/s3 deregistered"]);
});

test("a lost connection is told once, and once more when it is back", () => {
  const said: string[] = [];
  const tell = stateTeller((text) => void said.push(text));
  tell({ phase: "live" });
  for (const since of [1, 2, 3]) tell({ phase: "lost", since, retry_at: since + 1 });
  tell({ phase: "live" });
  expect(said).toEqual(["the connection to the hub is lost; trying again", "the connection to the hub is back"]);
});
