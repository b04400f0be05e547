import { z } from "zod";
import { DEFAULT_GRACE_S } from "../time/durations.ts";
import { defineMethod, option } from "./method.ts";

export const heartbeat = defineMethod({
  name: "heartbeat",
  checks: "The service itself calls in at least once in each interval, and says how it is.",
  runner: "service",
  target: null,
  options: {
    grace: option({
      schema: z.int().min(0).max(86_400),
      says: "seconds of silence forgiven after the interval",
      meaning: `Seconds of silence that are forgiven after the interval. Without it: ${DEFAULT_GRACE_S}.`,
      example: 60,
      input: "number",
    }),
  },
  serviceType: () => "worker",
  refusals: () => [],
});
