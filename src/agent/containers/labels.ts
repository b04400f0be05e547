/** Makes a service of a container from its labels: those of the hub, and those of Compose. */
import type { z } from "zod";
import type { discoveredSchema } from "../../core/agent/discovery.ts";
import {
  HEALTH_METHODS,
  type HealthMethod,
  hasTarget,
  inWords,
  methodOf,
  TARGETED_METHODS,
} from "../../core/methods/index.ts";
import type { HealthOptions } from "../../core/service/options.ts";
import { SERVICE_TYPES, type ServiceType } from "../../core/service/records.ts";
import { serviceSchema } from "../../core/service/registration.ts";
import { parseService } from "../../core/service/service-rules.ts";
import { parseProbedTarget } from "../../core/service/target.ts";
import { fieldErrors } from "../../core/values/fields.ts";
import { printable } from "../../core/values/printable.ts";
import { isOfContainer, type LabelRules, NO_LABEL_RULES } from "../reach.ts";
import { addressesIn, type Container, isOneOff } from "./container.ts";
import { LabelReader, type LabelTrouble, listOf } from "./label-reader.ts";

export type DiscoveredService = z.input<typeof discoveredSchema>;

const COMPOSE = "com.docker.compose.";
const IMAGE_VERSION = "org.opencontainers.image.version";
const DEFAULT_INTERVAL_S = 15;
/** The state of a container is certain; what answers over a network may fail once. */
const DEFAULT_RETRIES = { container: 0, other: 1 };
const MAX_NAME_CHARS = 63;
const MAX_VERSION_CHARS = 128;
const MAX_FACT_CHARS = 500;

/** The label that says each field of a service, by the field's path. */
const LABEL_OF_FIELD: Readonly<Record<string, string>> = {
  project: "hub.project",
  name: "hub.service",
  health_method: "hub.method",
  health_url: "hub.url",
  health_interval: "hub.interval",
  health_timeout: "hub.timeout",
  health_retries: "hub.retries",
  recover_after: "hub.recover-after",
  service_type: "hub.type",
  tags: "hub.tags",
  capabilities: "hub.capabilities",
  depends_on: "hub.depends-on",
  "health_options.command": "hub.command",
  "health_options.degraded_above_ms": "hub.degraded-above-ms",
  "health_options.degraded_above_cpu": "hub.degraded-above-cpu",
  "health_options.degraded_above_memory": "hub.degraded-above-memory",
  "health_options.degraded_above_restarts": "hub.degraded-above-restarts",
};
const KNOWN_LABELS = new Set([...Object.values(LABEL_OF_FIELD), "hub.enable", "hub.exec"]);

/** Whether the container has labels that make it a service, or say that it is none. */
export function isLabelled(labels: Container["labels"]): boolean {
  return labels["hub.service"] !== undefined || labels[`${COMPOSE}service`] !== undefined;
}

/** The command that is run in the container to learn whether it is well; undefined: there is none. */
export function commandIn({ labels }: Pick<Container, "labels">): string | undefined {
  return labels["hub.exec"];
}

export interface ReadLabels {
  /** Null: the container is left out (`hub.enable`, or it runs only once), or a label is wrong. */
  service: DiscoveredService | null;
  troubles: LabelTrouble[];
}

/**
 * The container must be labelled. `agent`: the project of containers that name none. A label that can't be understood is
 * never replaced by a guess: whoever wrote it wanted something else. Who may start a container need not be who runs the
 * agent, so labels reach no further than their container, but for what `rules` allow.
 */
export function readLabels(container: Container, agent: string, rules: LabelRules = NO_LABEL_RULES): ReadLabels {
  const reader = new LabelReader(container.labels);
  const isEnabled = reader.flag("hub.enable");
  const isAsked = isEnabled === true || reader.text("hub.service") !== undefined;
  if (isEnabled === false || (isOneOff(container) && !isAsked)) return { service: null, troubles: [] };
  const service = serviceIn(container, reader, agent);
  refuseBeyond(container, service, reader, rules);
  const wrong = [...reader.troubles, ...(reader.troubles.length === 0 ? ruleTroubles(service, container, agent) : [])];
  const unknown = Object.keys(container.labels)
    .filter((label) => label.startsWith("hub.") && !KNOWN_LABELS.has(label))
    .map((label) => ({ label, value: container.labels[label] ?? "", rule: "there is no such label" }));
  return { service: wrong.length === 0 ? service : null, troubles: [...wrong, ...unknown] };
}

function serviceIn(container: Container, reader: LabelReader, agent: string): DiscoveredService {
  const { labels, image } = container;
  const method = reader.oneOf("hub.method", HEALTH_METHODS) ?? "container";
  const type = reader.oneOf("hub.type", SERVICE_TYPES);
  const version = described(labels[IMAGE_VERSION] ?? "", MAX_VERSION_CHARS) || tagOf(image);
  if (urlOf(container) !== "" && !hasTarget(method)) {
    reader.refuse("hub.url", `hub.method must say what is asked there: ${inWords(TARGETED_METHODS, "or")}`);
  }
  return {
    project:
      reader.text("hub.project") === undefined
        ? nameOf(labels[`${COMPOSE}project`] ?? agent)
        : ownName("hub.project", reader),
    name: reader.text("hub.service") === undefined ? composeName(labels) : ownName("hub.service", reader),
    health_method: method,
    health_url: urlOf(container),
    health_interval: reader.seconds("hub.interval") ?? DEFAULT_INTERVAL_S,
    ...optional("health_timeout", reader.seconds("hub.timeout")),
    health_retries: reader.number("hub.retries") ?? retriesOf(method),
    ...optional("recover_after", reader.number("hub.recover-after")),
    health_options: optionsOf(reader),
    ...optional("service_type", type ?? typeOfImage(image)),
    ...optional("version", version?.slice(0, MAX_VERSION_CHARS)),
    container_id: shortId(container.id),
    tags: reader.list("hub.tags") ?? [],
    capabilities: reader.list("hub.capabilities") ?? [],
    depends_on: reader.list("hub.depends-on") ?? composeDependencies(labels),
    metadata: { image: described(image, MAX_FACT_CHARS), container: described(container.name, MAX_FACT_CHARS) },
  };
}

/** As the commands of the engines show it. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}

/** A container that does not run has no address; it is not asked either. */
const NO_ADDRESS = "no-address.invalid";

function refuseBeyond(container: Container, service: DiscoveredService, reader: LabelReader, rules: LabelRules): void {
  const { health_method: method = "container", health_url: url = "", health_options: options } = service;
  if (methodOf(method).runner === "service")
    reader.refuse("hub.method", "labels can't ask for heartbeats: register the service");
  const command = options?.command;
  if (method === "exec" && command !== undefined && !rules.commands.includes(command)) {
    reader.refuse(
      "hub.command",
      "labels may not run this command: labels.commands of the agent's configuration names those that they may",
    );
  }
  const parsed = hasTarget(method)
    ? parseProbedTarget(method, url, { allowPrivate: true, allowCredentials: true })
    : null;
  if (parsed?.ok !== true) return;
  const addresses = [...addressesIn(container), ...(container.state === "running" ? [] : [NO_ADDRESS])];
  const { host, port } = parsed.value;
  if (isOfContainer(host, port, { addresses, targets: rules.targets })) return;
  const own =
    addresses.length === 0 ? "the container has no address of its own" : `{ip} is the container's own address`;
  reader.refuse(
    "hub.url",
    `labels may not point to ${host}: ${own}, and labels.targets of the agent's configuration names others`,
  );
}

/** The rules of registrations that the service breaks, each with the label that a person has to change. */
function ruleTroubles(service: DiscoveredService, { labels }: Container, agent: string): LabelTrouble[] {
  const { project: _project, ...body } = service;
  const parsed = serviceSchema.safeParse(body);
  const rules = { allowPrivate: true, mayReceive: () => false };
  const result = parsed.success
    ? parseService({ ...parsed.data, agent }, rules)
    : { ok: false as const, error: fieldErrors(parsed.error) };
  if (result.ok) return [];
  return result.error.map(({ path, message }) => {
    const field = path.replace(/\[\d+\].*$/, "");
    const label = LABEL_OF_FIELD[field] ?? field;
    return { label, value: labels[label] ?? "", rule: message };
  });
}

/** A name that a person gave. */
function ownName(label: string, reader: LabelReader): string {
  const text = reader.text(label) ?? "";
  const name = normalised(text);
  if (name === "" || name.length > MAX_NAME_CHARS) {
    reader.refuse(label, "expected 1 to 63 letters, digits, _ and -, the first a letter or digit");
  }
  return name;
}

function composeName(labels: Container["labels"]): string {
  const name = nameOf(labels[`${COMPOSE}service`] ?? "");
  const number = Number(labels[`${COMPOSE}container-number`] ?? "1");
  if (!(number > 1)) return name;
  const suffix = `-${number}`;
  return `${name.slice(0, MAX_NAME_CHARS - suffix.length)}${suffix}`;
}

/** Makes a label fit that an image brings along: such labels only describe, and must keep no container out. */
function described(text: string, most: number): string {
  return printable(text).trim().slice(0, most).toWellFormed();
}

/** `{ip}` stands for the container's address, in brackets where URLs want them. */
function urlOf({ labels, ip, state }: Container): string {
  const none = state === "running" ? "127.0.0.1" : NO_ADDRESS;
  const address = ip?.includes(":") ? `[${ip}]` : (ip ?? none);
  return (labels["hub.url"] ?? "").trim().replaceAll("[{ip}]", "{ip}").replaceAll("{ip}", address);
}

function retriesOf(method: HealthMethod): number {
  return method === "container" ? DEFAULT_RETRIES.container : DEFAULT_RETRIES.other;
}

function optionsOf(reader: LabelReader): HealthOptions {
  return {
    ...optional("degraded_above_ms", reader.number("hub.degraded-above-ms")),
    ...optional("degraded_above_cpu", reader.number("hub.degraded-above-cpu")),
    ...optional("degraded_above_memory", reader.number("hub.degraded-above-memory")),
    ...optional("degraded_above_restarts", reader.number("hub.degraded-above-restarts")),
    ...optional("command", reader.text("hub.command")),
  };
}

/** Compose: `db:service_healthy:false,cache:service_started:true`. */
function composeDependencies(labels: Container["labels"]): string[] {
  return listOf(labels[`${COMPOSE}depends_on`] ?? "").flatMap((entry) => {
    const [service = ""] = entry.split(":");
    return service === "" ? [] : nameOf(service);
  });
}

/** Makes a name of what Compose says, which allows more. */
function nameOf(text: string): string {
  return normalised(text).slice(0, MAX_NAME_CHARS) || "unnamed";
}

function normalised(text: string): string {
  const name = text
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "-");
  return name.replace(/^[^a-z0-9]+/, "");
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

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V }); // the key is the one that is asked for
}
