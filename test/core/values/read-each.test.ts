import { expect, test } from "vitest";
import { readChecksSchema } from "../../../src/core/agent/agent-protocol.ts";
import { readProbeMessage } from "../../../src/core/lane/queue-messages.ts";
import { aCheck, aRound, T0 } from "../fixtures.ts";

const round = aRound({ due_at: T0 });
const message = (checks: unknown[]) => ({ round, vantage: "home", not_before: T0, checks });

test("a check that can't be read costs only itself, and is named", () => {
  const odd = [{ ...aCheck({ service_id: 2, name: "new" }), health_method: "gopher" }, null, "x", {}];
  const { message: read, unread } = readProbeMessage(message([aCheck({ service_id: 1 }), ...odd]));
  expect(read.checks.map(({ service_id }) => service_id)).toEqual([1]);
  expect(unread[0]).toMatchObject({ service_id: 2, place: expect.stringMatching(/\/new$/) });
  expect(unread[0]?.error).toMatch(/^health_method: /);
  expect(unread).toHaveLength(4);
});

test("a message knows no stricter rule than what is stored", () => {
  const old = aCheck({
    name: "summary",
    health_interval: 2,
    health_timeout: 0.5,
    health_retries: 99,
    recover_after: 50,
  });
  expect(readProbeMessage(message([old])).unread).toEqual([]);
});

test("a message of an older release has no passes and no agent", () => {
  const { recover_after, agent, ...older } = aCheck({});
  expect(readProbeMessage(message([older])).message.checks).toMatchObject([{ recover_after: 1, agent: null }]);
});

test("what is no message at all is refused", () => {
  expect(() => readProbeMessage({ checks: [] })).toThrow();
});

test("an agent runs the checks that it knows, beside one of a newer hub", () => {
  const known = aCheck({ service_id: 1, agent: "a" });
  const checks = [
    known,
    { ...known, service_id: 2, health_method: "gopher" },
    { ...known, health_options: { gopher: 1 } },
  ];
  const { answer, unread } = readChecksSchema.parse({ hub_id: "h", agent: "a", now: T0, checks, more: 1 });
  expect(answer.checks.map(({ service_id }) => service_id)).toEqual([1]);
  expect(unread).toHaveLength(2);
});
