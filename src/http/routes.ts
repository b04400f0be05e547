/** Makes an empty sub-app for a resource. Input that fails validation becomes a 400 that names each wrong field. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { fieldErrors } from "../core/values/fields.ts";
import type { HubEnv } from "./context.ts";
import { invalid } from "./problem.ts";

export function routes() {
  return new OpenAPIHono<HubEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalid(fieldErrors(result.error));
    },
  });
}
