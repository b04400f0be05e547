/** Makes a service of a container from its labels: those of the hub, and those of Compose. */
import type { z } from "zod";
import type { discoverySchema } from "../../core/discovery.ts";
import type { HealthOptions } from "../../core/options.ts";
import { HEALTH_METHODS, type HealthMethod, SERVICE_TYPES, type ServiceType } from "../../core/records.ts";
import type { Container } from "./container.ts";

export type DiscoveredService = z.input<typeof discoverySchema>["services"][number];

const COMPOSE = "com.docker.compose.";
const IMAGE_VERSION = "org.opencontainers.image.version";
const DEFAULT_INTERVAL_S = 15;
/** The state of a container is certain; what answers over a network may fail once. */
const DEFAULT_RETRIES = { container: 0, other: 1 };
const MAX_NAME_CHARS = 63;

/** Whether the container has labels that make it a service. `hub.enable=false` leaves it out. */
export function isLabelled(labels: Container["labels"]): boolean {
  if (labels["hub.enable"] === "false") return false;
  return labels["hub.service"] !== undefined || labels[`${COMPOSE}service`] !== undefined;
}

/** The command that is run in the container to learn whether it is well; undefined: there is none. */
export function commandIn({ labels }: Pick<Container, "labels">): string | undefined {
  return labels["hub.exec"];
}

/** The container must be labelled. `agent`: the project of containers that name none. */
export function serviceOf(container: Container, agent: string): DiscoveredService {
  const { labels, image } = container;
  const method = oneOf(labels["hub.method"], HEALTH_METHODS) ?? "container";
  const type = oneOf(labels["hub.type"], SERVICE_TYPES);
  const version = labels[IMAGE_VERSION] ?? tagOf(image);
  return {
    project: nameOf(labels["hub.project"] ?? labels[`${COMPOSE}project`] ?? agent),
    name: serviceName(container),
    health_method: method,
    health_url: urlOf(container),
    health_interval: numberOf(labels["hub.interval"]) ?? DEFAULT_INTERVAL_S,
    ...optional("health_timeout", numberOf(labels["hub.timeout"])),
    health_retries: numberOf(labels["hub.retries"]) ?? retriesOf(method),
    ...optional("recover_after", numberOf(labels["hub.recover-after"])),
    health_options: optionsOf(labels),
    ...optional("service_type", type ?? typeOfImage(image)),
    ...optional("version", version),
    container_id: container.id.slice(0, 12),
    tags: listOf(labels["hub.tags"]),
    capabilities: listOf(labels["hub.capabilities"]),
    depends_on: dependenciesOf(labels),
    metadata: { image, container: container.name },
  };
}

function serviceName({ labels }: Container): string {
  const own = labels["hub.service"];
  if (own !== undefined) return nameOf(own);
  const name = nameOf(labels[`${COMPOSE}service`] ?? "");
  const number = Number(labels[`${COMPOSE}container-number`] ?? "1");
  return number > 1 ? `${name}-${number}` : name;
}

/** `{ip}` stands for the container's address. */
function urlOf({ labels, ip }: Container): string {
  return (labels["hub.url"] ?? "").replaceAll("{ip}", ip ?? "127.0.0.1");
}

function retriesOf(method: HealthMethod): number {
  return method === "container" ? DEFAULT_RETRIES.container : DEFAULT_RETRIES.other;
}

function optionsOf(labels: Container["labels"]): HealthOptions {
  return {
    ...optional("degraded_above_ms", numberOf(labels["hub.degraded-above-ms"])),
    ...optional("degraded_above_cpu", numberOf(labels["hub.degraded-above-cpu"])),
    ...optional("degraded_above_memory", numberOf(labels["hub.degraded-above-memory"])),
    ...optional("degraded_above_restarts", numberOf(labels["hub.degraded-above-restarts"])),
    ...optional("command", labels["hub.command"]),
  };
}

/** `hub.depends-on: db, other/api`; Compose: `db:service_healthy:false,cache:service_started:true`. */
function dependenciesOf(labels: Container["labels"]): string[] {
  const own = labels["hub.depends-on"];
  if (own !== undefined) return listOf(own);
  return listOf(labels[`${COMPOSE}depends_on`]).flatMap((entry) => {
    const [service = ""] = entry.split(":");
    return service === "" ? [] : nameOf(service);
  });
}

/** Makes a name of what Compose and people write. */
function nameOf(text: string): string {
  const name = text.toLowerCase().replace(/[^a-z0-9_-]+/g, "-");
  return name.replace(/^[^a-z0-9]+/, "").slice(0, MAX_NAME_CHARS) || "unnamed";
}

/** `registry:5000/app:1.2@sha256:…` → `1.2`; undefined for `latest` and for no tag. */
function tagOf(image: string): string | undefined {
  const [path = ""] = image.split("@");
  const tag = /:([\w][\w.-]*)$/.exec(path.slice(path.lastIndexOf("/") + 1))?.[1];
  return tag === "latest" ? undefined : tag;
}

const TYPE_OF_IMAGE: readonly [RegExp, ServiceType][] = [
  [/postgres|mysql|mariadb|mongo|cockroach|clickhouse/, "database"],
  [/redis|valkey|memcached|keydb/, "cache"],
  [/rabbitmq|kafka|nats|mosquitto|redpanda/, "queue"],
  [/nginx|httpd|caddy|traefik|haproxy/, "web"],
];

function typeOfImage(image: string): ServiceType | undefined {
  const name = image.slice(image.lastIndexOf("/") + 1);
  return TYPE_OF_IMAGE.find(([pattern]) => pattern.test(name))?.[1];
}

function listOf(text: string | undefined): string[] {
  const items = (text ?? "").split(",").map((item) => item.trim());
  return [...new Set(items.filter((item) => item !== ""))];
}

function numberOf(text: string | undefined): number | undefined {
  const number = Number(text);
  return text === undefined || text.trim() === "" || !Number.isFinite(number) ? undefined : number;
}

function oneOf<T extends string>(text: string | undefined, all: readonly T[]): T | undefined {
  return all.find((each) => each === text);
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V }); // the key is the one that is asked for
}
