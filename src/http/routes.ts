/** The start of every resource's sub-app: wrong input becomes a problem that names each field. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { fieldErrors } from "../core/fields.ts";
import type { HubEnv } from "./context.ts";
import { invalid } from "./problem.ts";

export function routes() {
  return new OpenAPIHono<HubEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalid(fieldErrors(result.error));
    },
  });
}
