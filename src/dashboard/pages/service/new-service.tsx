import { useQueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { api, HubProblem, responseBody } from "../../api/client.ts";
import { projectsQuery, type Service } from "../../api/queries.ts";
import { useLive } from "../../live/live-context.tsx";
import { NEW_SERVICE, type ServiceBody, type ServiceForm } from "../../model/service-form.ts";
import { ProjectField } from "./known-fields.tsx";
import { ServiceDialog } from "./service-dialog.tsx";

interface NewServiceProps {
  title: string;
  /** The first content of the form, where it is not empty. */
  start: Partial<ServiceForm>;
  close(): void;
}

/** The dialog of a service that does not exist yet. Leads to its page. */
export function NewService({ title, start, close }: NewServiceProps) {
  const [, go] = useLocation();
  const { store } = useLive();
  const client = useQueryClient();
  const send = async (body: ServiceBody, named: string) => {
    const service = await register(named.trim(), body);
    store.addListed([service]);
    void client.invalidateQueries({ queryKey: projectsQuery.queryKey });
    close();
    go(`/services/${service.id}`);
  };
  return (
    <ServiceDialog
      title={title}
      action="Add and check it"
      start={{ ...NEW_SERVICE, ...start }}
      close={close}
      head={(fields) => <ProjectField {...fields} />}
      send={(body, form) => send(body, form.project)}
    />
  );
}

/**
 * Creates the service. Creates the project first when it does not exist. Throws an HubProblem when the name is taken.
 */
async function register(project: string, body: ServiceBody): Promise<Service> {
  const create = () => responseBody(api.services.$post({ json: { ...body, project } }));
  try {
    return await create();
  } catch (error) {
    if (!(error instanceof HubProblem && error.status === 404)) throw error;
  }
  await responseBody(api.projects.$post({ json: { name: project } })).catch((error) => {
    if (error instanceof HubProblem && error.status === 409) return;
    if (error instanceof HubProblem) throw withProjectPath(error);
    throw error;
  });
  return await create();
}

/** The API reports a wrong project name as `name`. The form has that field as `project`. */
function withProjectPath(problem: HubProblem): HubProblem {
  const errors = problem.errors.map(({ path, message }) => ({ path: path === "name" ? "project" : path, message }));
  return new HubProblem(problem.status, problem.message, { errors });
}
