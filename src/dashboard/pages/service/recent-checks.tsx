import type { ServiceHealth } from "../../api/queries.ts";
import { exactTime, latency } from "../../model/format.ts";
import { localTimes } from "../../model/reason-now.ts";
import { Ago } from "../../ui/ago.tsx";
import { Loading } from "../../ui/notice.tsx";
import { Section } from "../../ui/page.tsx";
import { ScrollBox } from "../../ui/scroll-box.tsx";
import { StatusShape } from "../../ui/status-mark.tsx";

type Check = ServiceHealth["recent"][number];

const WORDS: Record<Check["verdict"], string> = {
  ok: "Passed",
  warn: "Passed with a warning",
  fail: "Failed",
  unprobeable: "Can't be checked from here",
  inconclusive: "Inconclusive: the hub could not see",
};

/** `checks`: undefined until they are loaded. */
export function RecentChecks({ checks }: { checks: readonly Check[] | undefined }) {
  return (
    <Section title="Recent checks">
      {checks === undefined && <Loading what="the checks" />}
      {checks?.length === 0 && <p className="card px-4 py-6 text-center text-muted">It has not been checked yet.</p>}
      {checks !== undefined && checks.length > 0 && (
        <ScrollBox label="Recent checks" className="card max-h-120 overflow-y-auto">
          <table className="w-full">
            <thead className="sr-only">
              <tr>
                <th scope="col">Result</th>
                <th scope="col">From</th>
                <th scope="col">Response time</th>
                <th scope="col">When</th>
              </tr>
            </thead>
            <tbody className="divide-y divide-line">
              {checks.map((check) => (
                <CheckRow key={`${check.at} ${check.vantage}`} check={check} />
              ))}
            </tbody>
          </table>
        </ScrollBox>
      )}
    </Section>
  );
}

function CheckRow({ check }: { check: Check }) {
  const at = Date.parse(check.at);
  const shape = check.ok
    ? check.verdict === "warn"
      ? "degraded"
      : "up"
    : check.verdict === "fail"
      ? "down"
      : "unknown";
  return (
    <tr title={exactTime(at)}>
      <td className="px-4 py-2">
        <span className="flex items-start gap-2">
          <StatusShape status={shape} className="mt-1 size-3" />
          <span className="break-words [overflow-wrap:anywhere]">
            {check.error === null ? WORDS[check.verdict] : localTimes(check.error, at)}
          </span>
        </span>
      </td>
      <td className="py-2 text-muted">{check.vantage}</td>
      <td className="px-3 py-2 text-right whitespace-nowrap tabular-nums">{latency(check.latency_ms)}</td>
      <td className="py-2 pr-4 text-right whitespace-nowrap text-muted tabular-nums">
        <Ago at={at} />
      </td>
    </tr>
  );
}
