/** Makes the configuration of nats-server from the templates in this folder. */
import { readFile } from "node:fs/promises";

/**
 * nats-server chooses a free port. The relay needs no ordinary clients, and its port must not be one that another
 * server uses.
 */
export const ANY_PORT = -1;

export interface CorePorts {
  core_port: number;
  leaf_port: number;
  /** Folder for JetStream's files. */
  store: string;
}

export interface RelayOptions {
  server_name: string;
  /** Port on the loopback for ordinary clients; -1: any free port. */
  client_port: number;
  /** `address:port`. */
  websocket_listen: string;
  /** Absent: without TLS, for the loopback or behind a proxy that ends TLS. */
  tls?: { cert: string; key: string };
  /** `nats-leaf://[user:password@]host:port`, or `tls://…` for TLS. */
  core_url: string;
  hub_id: string;
  hub_password: string;
  /** Clients without credentials get the hub's permissions. Only for a machine with one user. */
  open?: boolean;
}

export async function renderCore(ports: CorePorts): Promise<string> {
  return fill(await template("core.conf"), { ...ports });
}

export async function renderRelay({ tls, open, ...values }: RelayOptions): Promise<string> {
  const security =
    tls === undefined ? "no_tls: true" : `tls { cert_file: ${quoted(tls.cert)}, key_file: ${quoted(tls.key)} }`;
  const guest = open === true ? `\n  no_auth_user: ${quoted(values.hub_id)}` : "";
  return fill(await template("relay.conf"), { ...values, websocket_security: `${security}${guest}` });
}

function template(name: string): Promise<string> {
  return readFile(new URL(name, import.meta.url), "utf8");
}

function quoted(text: string): string {
  return `"${checked(text)}"`;
}

/** Throws when the text could end the quoted string that contains it. */
function checked(text: string): string {
  if (/["\\\n]/.test(text)) throw new Error("quotes, backslashes and line ends can't stand in the configuration");
  return text;
}

function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the template names ${name}, which is not known`);
    return name === "websocket_security" ? String(value) : checked(String(value));
  });
}
