import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Service } from "../../api/queries.ts";
import { useServices } from "../../live/live-context.tsx";
import { count, dateTime } from "../../model/format.ts";
import { DEFAULT_VIEW, viewSearch } from "../../model/service-list.ts";
import { Section } from "../../ui/page.tsx";

/** Shows how the service is checked, and the other registered fields. */
export function Configuration({ service }: { service: Service }) {
  const options = Object.entries(service.health_options);
  const metadata = Object.entries(service.metadata);
  const { depends_on, tags, capabilities } = service;
  return (
    <Section title="Configuration">
      <dl className="card grid gap-x-8 gap-y-3 px-5 py-4 sm:grid-cols-2 lg:grid-cols-3">
        <Item name="Checked by">{service.health_method}</Item>
        <Item name="Target">{service.health_url === "" ? null : <Target url={service.health_url} />}</Item>
        <Item name="Every">
          {service.health_interval} s, timeout {service.health_timeout} s
        </Item>
        <Item name="Retries before down">{service.health_retries}</Item>
        <Item name="Passes before up again">{service.recover_after}</Item>
        <Item name="Depends on">{depends_on.length === 0 ? null : <Dependencies of={service} />}</Item>
        <Item name="Tags">
          {tags.length === 0
            ? null
            : tags.map((tag, index) => (
                <span key={tag}>
                  {index > 0 && ", "}
                  <Link href={`/services${viewSearch({ ...DEFAULT_VIEW, tag })}`} className="link">
                    {tag}
                  </Link>
                </span>
              ))}
        </Item>
        <Item name="Capabilities">{capabilities.length === 0 ? null : capabilities.join(", ")}</Item>
        <Item name="Port">{service.port}</Item>
        <Item name="Agent">{service.agent}</Item>
        <Item name="Container">{service.container_id}</Item>
        <Item name="Registered">{dateTime(Date.parse(service.created_at))}</Item>
        <Item name="Changed">{dateTime(Date.parse(service.updated_at))}</Item>
        <Item name="Options">{options.length === 0 ? null : <Json value={service.health_options} />}</Item>
        <Item name="Not shown without the scope write">
          {service.hidden.length === 0 ? null : service.hidden.join(", ")}
        </Item>
        <Item name={count(metadata.length, "entry of metadata", "entries of metadata")}>
          {metadata.length === 0 ? null : <Json value={service.metadata} />}
        </Item>
      </dl>
    </Section>
  );
}

/** Pages can be opened; what is no page is only told. */
function Target({ url }: { url: string }) {
  const isPage = /^https?:/i.test(url) && !url.includes("${");
  const text = <code className="font-mono">{url}</code>;
  return isPage ? (
    <a href={url} target="_blank" rel="noopener noreferrer" className="link">
      {text}
    </a>
  ) : (
    text
  );
}

/** Each leads to its service, if this hub has it. */
function Dependencies({ of: service }: { of: Service }) {
  const { rows } = useServices();
  const ids = new Map([...rows.values()].map(({ id, project, name }) => [`${project}/${name}`, id]));
  return service.depends_on.map((reference, index) => {
    const id = ids.get(reference.includes("/") ? reference : `${service.project}/${reference}`);
    return (
      <span key={reference}>
        {index > 0 && ", "}
        {id === undefined ? (
          reference
        ) : (
          <Link href={`/services/${id}`} className="link">
            {reference}
          </Link>
        )}
      </span>
    );
  });
}

/** Renders nothing when the value is null. */
function Item({ name, children }: { name: string; children: ReactNode }) {
  if (children === null) return null;
  return (
    <div className="min-w-0">
      <dt className="text-muted">{name}</dt>
      <dd className="break-words [overflow-wrap:anywhere]">{children}</dd>
    </div>
  );
}

function Json({ value }: { value: unknown }) {
  return <code className="font-mono whitespace-pre-wrap">{JSON.stringify(value, null, 1)}</code>;
}
