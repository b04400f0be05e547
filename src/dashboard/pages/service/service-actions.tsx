import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { isProbedByHub } from "../../../core/methods/index.ts";
import { api, expectSuccess, problemText, responseBody } from "../../api/client.ts";
import { projectsQuery, type Service, serviceQuery } from "../../api/queries.ts";
import { useLive } from "../../live/live-context.tsx";
import { duration, latency } from "../../model/format.ts";
import { duplicateOf, formOf, type ServiceBody } from "../../model/service-form.ts";
import { STATUS_WORDS } from "../../model/status.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/dialog.tsx";
import { Menu } from "../../ui/menu.tsx";
import { NewService } from "./new-service.tsx";
import { PauseUntil } from "./pause-until.tsx";
import { ServiceDialog } from "./service-dialog.tsx";

type Doing = { what: "check" | "toggle" | "delete" } | { what: "pause"; minutes: number };

/** The pauses that are chosen most at night. */
const PAUSES: readonly { label: string; minutes: number }[] = [
  { label: "15 minutes", minutes: 15 },
  { label: "1 hour", minutes: 60 },
  { label: "4 hours", minutes: 240 },
  { label: "1 day", minutes: 1_440 },
];

export function ServiceActions({ service }: { service: Service }) {
  const [open, setOpen] = useState<"edit" | "duplicate" | "delete" | "pause" | null>(null);
  const { act, busy, message } = useActions(service);
  const isPaused = !service.enabled && service.paused_until !== null;
  const isWatched = service.enabled && service.gone_since === null && service.project_status === "running";
  const canCheck = isProbedByHub(service) && isWatched;
  return (
    <div className="flex flex-col items-end gap-1.5">
      <div className="flex flex-wrap justify-end gap-2">
        {canCheck && (
          <Button look="primary" disabled={busy !== null} onClick={() => void act({ what: "check" })}>
            {busy === "check" ? "Checking…" : "Check now"}
          </Button>
        )}
        {isPaused && (
          <Button look="primary" disabled={busy !== null} onClick={() => void act({ what: "toggle" })}>
            Resume
          </Button>
        )}
        {service.enabled && (
          <Menu
            label="Pause"
            disabled={busy !== null}
            items={[
              ...PAUSES.map(({ label, minutes }) => ({ label, act: () => void act({ what: "pause", minutes }) })),
              { label: "Until …", act: () => setOpen("pause") },
            ]}
          >
            Pause <span aria-hidden="true">▾</span>
          </Menu>
        )}
        {/* A form that lacks what the reader may not see would overwrite it. */}
        <Button disabled={service.hidden.length > 0} onClick={() => setOpen("edit")}>
          Edit
        </Button>
        <Menu
          label="More actions"
          items={[
            ...(service.hidden.length > 0 ? [] : [{ label: "Duplicate", act: () => setOpen("duplicate") }]),
            ...(isPaused
              ? []
              : [{ label: service.enabled ? "Disable" : "Enable", act: () => void act({ what: "toggle" }) }]),
            { label: "Delete", act: () => setOpen("delete"), isDangerous: true },
          ]}
        >
          <span aria-hidden="true">⋯</span>
        </Menu>
      </div>
      <span role="status" className="min-h-5 max-w-md text-right break-words text-muted">
        {message}
      </span>
      {open === "edit" && <Edit service={service} close={() => setOpen(null)} />}
      {open === "duplicate" && (
        <NewService title={`Duplicate ${service.name}`} start={duplicateOf(service)} close={() => setOpen(null)} />
      )}
      {open === "pause" && (
        <PauseUntil
          pause={(minutes) => void act({ what: "pause", minutes }).then(() => setOpen(null))}
          close={() => setOpen(null)}
        />
      )}
      {open === "delete" && (
        <Confirm
          title={`Delete ${service.name}?`}
          action="Delete it"
          busy={busy !== null}
          confirm={() => void act({ what: "delete" }).then(() => setOpen(null))}
          close={() => setOpen(null)}
        >
          It is not checked any more, and its changes of status and response times are deleted with it. To stop checking
          and keep the past, disable it.
        </Confirm>
      )}
    </div>
  );
}

function useActions(service: Service) {
  const [, go] = useLocation();
  const { store } = useLive();
  const client = useQueryClient();
  const param = { id: String(service.id) };
  const run = {
    check: async () => {
      const { status, observation } = await responseBody(api.services[":id"].check.$post({ param }));
      const found = observation.error ?? `passed in ${latency(observation.latency_ms)}`;
      return `${STATUS_WORDS[status]}: ${found}`;
    },
    toggle: async () => {
      const changed = await responseBody(api.services[":id"].$patch({ param, json: { enabled: !service.enabled } }));
      client.setQueryData(serviceQuery(service.id).queryKey, changed);
      store.addListed([changed]);
      return changed.enabled ? "It is checked again." : "It is not checked any more.";
    },
    pause: async (minutes: number) => {
      const changed = await responseBody(api.services[":id"].pause.$post({ param, json: { minutes } }));
      client.setQueryData(serviceQuery(service.id).queryKey, changed);
      store.addListed([changed]);
      return `It is not checked for ${duration(minutes * 60_000)}.`;
    },
    delete: async () => {
      await expectSuccess(api.services[":id"].$delete({ param }));
      store.remove(service.id);
      void client.invalidateQueries({ queryKey: projectsQuery.queryKey });
      go("/services");
      return "";
    },
  };
  const { mutateAsync, isPending, variables, data, error } = useMutation({
    mutationFn: (doing: Doing) => (doing.what === "pause" ? run.pause(doing.minutes) : run[doing.what]()),
  });
  return {
    act: (doing: Doing) => mutateAsync(doing).catch(() => {}), // the message says what went wrong
    busy: isPending ? (variables?.what ?? null) : null,
    message: error === null ? (data ?? "") : problemText(error),
  };
}

function Edit({ service, close }: { service: Service; close(): void }) {
  const { store } = useLive();
  const client = useQueryClient();
  const send = async ({ service_type, ...body }: ServiceBody) => {
    const json = service_type === undefined ? body : { ...body, service_type };
    const changed = await responseBody(api.services[":id"].$patch({ param: { id: String(service.id) }, json }));
    client.setQueryData(serviceQuery(service.id).queryKey, changed);
    store.addListed([changed]);
    close();
  };
  return (
    <ServiceDialog title={`Edit ${service.name}`} action="Save" start={formOf(service)} send={send} close={close} />
  );
}
