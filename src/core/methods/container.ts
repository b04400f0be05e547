import { defineMethod } from "./method.ts";
import { containerUse, timed } from "./shared-options.ts";

export const container = defineMethod({
  name: "container",
  checks: "An agent sees that the container runs, and that its own health check passes if it has one.",
  runner: "agent",
  target: null,
  options: { ...timed, ...containerUse },
  isOfContainer: true,
  serviceType: () => "other",
  refusals: () => [],
});
