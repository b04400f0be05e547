/** Hears the summaries of other hubs on NATS. */
import type { Bindings } from "../platform/bindings.ts";
import { errorText, log } from "../platform/log.ts";
import { federationOf } from "../platform/object-stubs.ts";
import { failureOf, type RelayConnection } from "./connection.ts";
import { GLOBAL_SUBJECT, type HeardSummary, heardSummary, MAX_SUMMARY_BYTES } from "./messages.ts";

/** Resolves when the connection has ended. Never rejects. */
export async function hearOtherHubs(connection: RelayConnection, hubId: string, env: Bindings): Promise<void> {
  try {
    await connection.listen(GLOBAL_SUBJECT, MAX_SUMMARY_BYTES, (text) => {
      const summary = heardSummary(text, hubId);
      if (summary !== null) void tellFederation(summary, env);
    });
  } catch (error) {
    log("warn", "nats.listening_failed", { error: failureOf(error).message });
  }
}

async function tellFederation(summary: HeardSummary, env: Bindings): Promise<void> {
  try {
    await federationOf(env).heard(summary);
  } catch (error) {
    log("warn", "nats.heard_failed", { error: errorText(error) });
  }
}
