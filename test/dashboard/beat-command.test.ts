import { expect, it } from "vitest";
import { beatCommand } from "../../src/dashboard/model/beat-command.ts";

const command = (way: Parameters<typeof beatCommand>[0], health_interval: number) =>
  beatCommand(way, { id: 7, name: "nightly", health_interval }, "https://hub.example.com");

it("a heartbeat is one request, with the key in a variable", () => {
  expect(command("curl", 60)).toBe(
    'curl -fsS -m 10 --retry 3 -X POST https://hub.example.com/api/services/7/heartbeat -H "Authorization: Bearer $HUB_KEY"',
  );
  expect(command("systemd", 60)).toContain("ExecStartPost=/usr/bin/curl");
  expect(command("systemd", 60)).toContain("Bearer ${HUB_KEY}");
});

it.each([
  [30, "*/1 * * * *"],
  [300, "*/5 * * * *"],
  [420, "*/6 * * * *"], // cron begins anew at each hour, so seven minutes would not be kept
  [3_600, "0 */1 * * *"],
  [18_000, "0 */4 * * *"],
  [86_400, "0 3 * * *"],
])("cron comes often enough for an interval of %d s", (interval, time) => {
  expect(command("cron", interval)).toContain(`${time} /usr/local/bin/nightly && curl`);
});
