import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { isProbedByHub } from "../../../core/methods/index.ts";
import { api, expectSuccess, problemText, responseBody } from "../../api/client.ts";
import { projectsQuery, type Service, serviceQuery } from "../../api/queries.ts";
import { useLive } from "../../live/live-context.tsx";
import { latency } from "../../model/format.ts";
import { duplicateOf, formOf, type ServiceBody } from "../../model/service-form.ts";
import { STATUS_WORDS } from "../../model/status.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/dialog.tsx";
import { NewService } from "./new-service.tsx";
import { ServiceDialog } from "./service-dialog.tsx";

type Doing = "check" | "toggle" | "pause" | "delete";

const PAUSE_MINUTES = 60;

export function ServiceActions({ service }: { service: Service }) {
  const [open, setOpen] = useState<"edit" | "duplicate" | "delete" | null>(null);
  const { act, busy, message } = useActions(service);
  const canCheck = isProbedByHub(service) && service.enabled && service.gone_since === null;
  return (
    <div className="flex flex-col items-end gap-1.5">
      <div className="flex flex-wrap gap-2">
        {canCheck && (
          <Button look="primary" disabled={busy !== null} onClick={() => void act("check")}>
            {busy === "check" ? "Checking…" : "Check now"}
          </Button>
        )}
        <Button onClick={() => setOpen("edit")}>Edit</Button>
        <Button onClick={() => setOpen("duplicate")}>Duplicate</Button>
        <Button disabled={busy !== null} onClick={() => void act("toggle")}>
          {service.enabled ? "Disable" : "Enable"}
        </Button>
        {service.enabled && (
          <Button disabled={busy !== null} onClick={() => void act("pause")}>
            Pause for an hour
          </Button>
        )}
        <Button look="danger" onClick={() => setOpen("delete")}>
          Delete
        </Button>
      </div>
      <span role="status" className="min-h-5 max-w-md text-right break-words text-muted">
        {message}
      </span>
      {open === "edit" && <Edit service={service} close={() => setOpen(null)} />}
      {open === "duplicate" && (
        <NewService title={`Duplicate ${service.name}`} start={duplicateOf(service)} close={() => setOpen(null)} />
      )}
      {open === "delete" && (
        <Confirm
          title={`Delete ${service.name}?`}
          action="Delete it"
          busy={busy !== null}
          confirm={() => void act("delete").then(() => setOpen(null))}
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
  const run: Record<Doing, () => Promise<string>> = {
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
    pause: async () => {
      const changed = await responseBody(api.services[":id"].pause.$post({ param, json: { minutes: PAUSE_MINUTES } }));
      client.setQueryData(serviceQuery(service.id).queryKey, changed);
      store.addListed([changed]);
      return "It is not checked for an hour.";
    },
    delete: async () => {
      await expectSuccess(api.services[":id"].$delete({ param }));
      store.remove(service.id);
      void client.invalidateQueries({ queryKey: projectsQuery.queryKey });
      go("/services");
      return "";
    },
  };
  const { mutateAsync, isPending, variables, data, error } = useMutation({ mutationFn: (what: Doing) => run[what]() });
  return {
    act: (what: Doing) => mutateAsync(what).catch(() => {}), // the message says what went wrong
    busy: isPending ? (variables ?? null) : null,
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
