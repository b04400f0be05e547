/** The steps of the pipeline that the board begins. */
import type { BoardSteps } from "../objects/board/board-steps.ts";
import { laneCalls } from "../platform/lane-calls.ts";
import { sendOutcomes } from "../platform/queues.ts";
import { writeFlips } from "./history.ts";
import type { Hub } from "./hub.ts";
import { followDeps } from "./registry.ts";

export function boardSteps(hub: Hub): BoardSteps {
  const { env, clock } = hub;
  return {
    expire: {
      now: clock.now,
      wait: clock.wait,
      expire: laneCalls(env, clock).expire,
      record: (message) => sendOutcomes(env, message),
    },
    follow: followDeps(hub),
    writeFlips: (flips) => writeFlips(flips, hub),
  };
}
