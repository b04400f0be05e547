/** The lines with which a service sends its heartbeats. */

export type BeatWay = "curl" | "cron" | "systemd";

interface Beating {
  id: number;
  name: string;
  /** Seconds. */
  health_interval: number;
}

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** `origin`: of the hub. The key stands in a variable, so that the lines can be shown to others. */
export function beatCommand(way: BeatWay, service: Beating, origin: string): string {
  const curl = `curl -fsS -m 10 --retry 3 -X POST ${origin}/api/services/${service.id}/heartbeat -H "Authorization: Bearer $HUB_KEY"`;
  switch (way) {
    case "curl":
      return curl;
    case "cron":
      return [
        "HUB_KEY=hub_…",
        `# after each run of the job; of a job that fails, nothing is sent`,
        `${cronTime(service.health_interval)} /usr/local/bin/${service.name} && ${curl}`,
      ].join("\n");
    case "systemd":
      return [
        `# /etc/systemd/system/${service.name}.service.d/heartbeat.conf`,
        "[Service]",
        "# a file with HUB_KEY=hub_…, mode 600",
        `EnvironmentFile=/etc/${service.name}.env`,
        // Systemd puts the variable in itself; quotes would be those of a shell.
        `ExecStartPost=/usr/bin/${curl.replace('"Authorization: Bearer $HUB_KEY"', '"Authorization: Bearer ${HUB_KEY}"')}`,
      ].join("\n");
  }
}

/** The line of cron that comes at least once in each interval, as far as cron can say it. */
function cronTime(interval: number): string {
  if (interval >= DAY_S) return "0 3 * * *";
  if (interval >= HOUR_S) return `0 */${divisor(Math.floor(interval / HOUR_S), 24)} * * *`;
  return `*/${divisor(Math.max(1, Math.floor(interval / MINUTE_S)), 60)} * * * *`;
}

/** The largest number that is at most `most` and divides `whole`: cron begins anew at each hour and day. */
function divisor(most: number, whole: number): number {
  for (let number = most; number > 1; number--) if (whole % number === 0) return number;
  return 1;
}
