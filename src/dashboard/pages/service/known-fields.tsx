/** Fields that complete names which the hub knows. */
import { useQuery } from "@tanstack/react-query";
import { agentsQuery, projectsQuery } from "../../api/queries.ts";
import { useListing, useServices } from "../../live/live-context.tsx";
import { pathOf, unknownDependencies } from "../../model/known-names.ts";
import type { ServiceForm } from "../../model/service-form.ts";
import { useIsAdmin, useWholeHub } from "../../ui/session.tsx";
import { type FieldsProps, Text } from "./text-field.tsx";

export function ProjectField(props: FieldsProps) {
  const hint = useWholeHub() ? "Created if it doesn't exist; a-z, 0-9, _ and -" : "One of those that your key opens";
  const { data: projects = [] } = useQuery(projectsQuery);
  return (
    <Text
      {...props}
      name="project"
      label="Project"
      hint={hint}
      known={projects.map(({ name }) => name)}
      mono
      required
    />
  );
}

/** Only admins may see all agents. */
export function AgentField({ isNeeded, ...props }: FieldsProps & { isNeeded: boolean }) {
  const { data: agents = [] } = useQuery({ ...agentsQuery, enabled: useIsAdmin() });
  return (
    <Text
      {...props}
      name="agent"
      label="Agent"
      hint={isNeeded ? "The agent that runs the check" : "The agent that runs the check; leave it empty for the hub to"}
      known={agents.map(({ name }) => name)}
      mono
      required={isNeeded}
    />
  );
}

export function DependsOnField(props: FieldsProps) {
  const { rows } = useServices();
  return (
    <Text
      {...props}
      name="depends_on"
      label="Depends on"
      hint={
        <>
          <span className="block">Services that it needs: service or project/service, with commas</span>
          {props.form.depends_on.trim() !== "" && <UnknownDependencies form={props.form} />}
        </>
      }
      known={[...rows.values()].map(pathOf)}
      isList
      mono
    />
  );
}

/** A service may be registered after those that need it, so this is no error. Says nothing before all are loaded. */
function UnknownDependencies({ form }: { form: ServiceForm }) {
  const { rows } = useServices();
  const { loaded, total } = useListing();
  const seesAll = useWholeHub();
  if (!seesAll || total === null || loaded < total) return null;
  return unknownDependencies(form, rows.values()).map((path) => (
    <span key={path} role="status" className="block text-degraded">
      no service {path} is known yet
    </span>
  ));
}
