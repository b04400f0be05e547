import { nameSchema } from "../service/names.ts";
import { atOption, defineMethod, option } from "./method.ts";
import { containerUse, timed } from "./shared-options.ts";

export const exec = defineMethod({
  name: "exec",
  checks: "An agent runs a command of its own configuration, which ends as a monitoring plugin does.",
  runner: "agent",
  target: null,
  options: {
    ...timed,
    ...containerUse,
    command: option({
      schema: nameSchema,
      says: "name of a command in the agent's own configuration",
      meaning: "Name of a command in the configuration of the agent.",
      example: "check-disk",
      input: "text",
    }),
  },
  serviceType: () => "other",
  refusals: ({ health_options: { command } }) =>
    command === undefined ? [atOption("command", "needed for exec")] : [],
});
