/** Shows how a service of the method heartbeat calls in, and listens for its first beat. */
import { useState } from "react";
import type { Service } from "../../api/queries.ts";
import type { ServiceRow } from "../../live/service-row.ts";
import { type BeatWay, beatCommand } from "../../model/beat-command.ts";
import { Copyable } from "../../ui/copyable.tsx";
import { Section } from "../../ui/page.tsx";

const WAYS: readonly { way: BeatWay; name: string }[] = [
  { way: "curl", name: "curl" },
  { way: "cron", name: "cron" },
  { way: "systemd", name: "systemd" },
];

export function FirstBeat({ service, row }: { service: Service; row: ServiceRow }) {
  const [wasNew] = useState(row.last_at === null);
  const [way, setWay] = useState<BeatWay>("curl");
  if (service.health_method !== "heartbeat" || !wasNew) return null;
  return (
    <Section title="How to send its heartbeat">
      <div className="card flex flex-col gap-4 px-5 py-4">
        <p role="status" className="flex items-center gap-2.5 font-medium">
          {row.last_at === null ? (
            <>
              <span aria-hidden="true" className="beat size-2.5 rounded-full bg-accent" />
              Listening for the first heartbeat …
            </>
          ) : (
            <span className="text-up">The first heartbeat has come.</span>
          )}
        </p>
        <fieldset className="flex w-fit overflow-hidden rounded-md border border-edge">
          <legend className="sr-only">From</legend>
          {WAYS.map(({ way: each, name }) => (
            <button
              key={each}
              type="button"
              aria-pressed={way === each}
              onClick={() => setWay(each)}
              className="bg-surface px-3 py-1 text-muted hover:bg-raised aria-pressed:bg-raised aria-pressed:font-medium aria-pressed:text-ink"
            >
              {name}
            </button>
          ))}
        </fieldset>
        <Copyable text={beatCommand(way, service, location.origin)} what="the command" />
        <p className="text-muted">
          At least once in {service.health_interval} s. HUB_KEY is a key of the scope register for the project{" "}
          {service.project}: an admin creates one under Settings. The body may say how the service is:{" "}
          <code className="font-mono">{'{"status": "warn", "error": "disk is nearly full"}'}</code>.
        </p>
      </div>
    </Section>
  );
}
