import { expect, test } from "vitest";
import { readEvents, readPageSchema } from "../../src/core/federation/federation.ts";
import { UnreadServices } from "../../src/federation/unread-services.ts";

const AT = "2026-01-01T00:00:00.000Z";
const service = (id: number, over: object = {}) => ({
  id,
  project: "p",
  name: `s${id}`,
  type: "api",
  version: null,
  address: null,
  port: null,
  tags: [],
  capabilities: [],
  metadata: {},
  depends_on: [],
  status: "up",
  status_since: AT,
  flip_seq: 1,
  latency_ms: null,
  ...over,
});
const page = (services: object[], over: object = {}) =>
  readPageSchema.parse({
    hub_id: "h",
    epoch: "e",
    revision: 3,
    full: false,
    services,
    deleted: [],
    hubs: [],
    next: null,
    mark: "m",
    ...over,
  });

test("one service that can't be read costs only itself, and is named until it can be read or is gone", () => {
  const unread = new UnreadServices();
  const first = page([service(1), service(2, { tags: [5] }), service(3, { status: "odd" })]);
  expect(first.services.map(({ id }) => id)).toEqual([1]);
  unread.take(first);
  expect(unread.words()).toMatch(/^2 of its services can't be read and are left out: p\/s2 \(tags\.0: .*\), p\/s3 /);
  unread.take(page([service(2)]));
  expect(unread.words()).toMatch(/^1 of its services/);
  unread.take(page([], { deleted: [3] }));
  expect(unread.words()).toBeNull();
  unread.take(first);
  unread.take(page([], { full: true }));
  expect(unread.words()).toBeNull();
});

test("a version that is too long is cut, as older hubs may pass on any", () => {
  expect(page([service(1, { version: "v".repeat(300) })]).services[0]?.version).toHaveLength(128);
});

test("one pushed flip that can't be read costs only itself", () => {
  const flip = {
    service_id: 1,
    seq: 1,
    from: "up",
    to: "down",
    reason: "x",
    at: AT,
    began_at: AT,
    project: "p",
    name: "s",
  };
  const events = {
    hub_id: "h",
    changed: false,
    flips: [{ ...flip, latency_ms: 1 }, { ...flip, latency_ms: "slow" }, 7],
  };
  expect(readEvents(events).flips).toHaveLength(1);
});
