/**
 * The tcp probe: opens a connection. With `send` and `expect` it also checks what the target sends; with `steps` it holds
 * a conversation.
 */
import { Connection } from "./connection.ts";
import { PASSED, type ProbeResult, type Protocol } from "./probe.ts";
import { QUIET_MS, quietAfter } from "./quiet.ts";
import { converse } from "./tcp-steps.ts";

const MAX_ANSWER_BYTES = 65_536;

export const tcpProbe: Protocol = async (job): Promise<ProbeResult> => {
  const { secrets, context } = job;
  const { send, expect, steps, tls = job.target.tls } = job.check.health_options;
  job.progress.endpoint = { ...job.progress.endpoint, tls };
  const startsTls = steps?.some((step) => step.tls === true) === true;
  const connection = await Connection.open(job, tls ? "on" : startsTls ? "starttls" : "off");
  if (steps !== undefined) return { ...PASSED, certainAt: await converse(job, connection, steps) };
  if (send !== undefined) await connection.write(send);
  if (expect === undefined) return PASSED;
  job.progress.stage = "the expected answer did not come";
  const decoder = new TextDecoder();
  let answer = "";
  let certainAt = context.now();
  while (answer.length < MAX_ANSWER_BYTES) {
    const next = connection.chunk();
    // The beginning of a secret is not known for one before the rest of it has come.
    const isQuiet = !secrets.isEmpty && answer !== "" && (await quietAfter(QUIET_MS, next));
    if (isQuiet && secrets.redactSoFar(answer).known.includes(expect)) return { ...PASSED, certainAt };
    const chunk = await next;
    if (chunk === null) break;
    answer += decoder.decode(chunk, { stream: true });
    certainAt = context.now();
    if (secrets.isEmpty && answer.includes(expect)) return PASSED;
  }
  const isWhole = answer.length < MAX_ANSWER_BYTES;
  const whole = isWhole ? secrets.redactSoFar(answer).known : secrets.redactBeginning(answer);
  if (whole.includes(expect)) return { ...PASSED, certainAt };
  const where = isWhole ? "the answer" : "in its first 64 KiB the answer";
  throw connection.failure(`tcp: ${where} does not contain ${JSON.stringify(expect)}`);
};
