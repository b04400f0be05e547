/** The tcp probe: opens a connection. With `send` and `expect` it also checks what the target sends. */
import { Connection } from "./connection.ts";
import { PASSED, type ProbeResult, type Protocol } from "./probe.ts";

const MAX_ANSWER_BYTES = 65_536;

export const tcpProbe: Protocol = async (job): Promise<ProbeResult> => {
  const { send, expect, tls = job.target.tls } = job.check.health_options;
  const connection = await Connection.open(job, tls ? "on" : "off");
  if (send !== undefined) await connection.write(send);
  if (expect === undefined) return PASSED;
  job.progress.stage = "the expected answer did not come";
  const decoder = new TextDecoder();
  let answer = "";
  while (answer.length < MAX_ANSWER_BYTES) {
    const chunk = await connection.chunk();
    if (chunk === null) break;
    answer += decoder.decode(chunk, { stream: true });
    if (answer.includes(expect)) return PASSED;
  }
  const where = answer.length < MAX_ANSWER_BYTES ? "the answer" : "in its first 64 KiB the answer";
  throw connection.failure(`tcp: ${where} does not contain ${JSON.stringify(expect)}`);
};
