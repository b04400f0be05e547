/** The configuration of nats-server, made from the templates beside this file. */
import { readFile } from "node:fs/promises";

/** For the relay's ordinary clients: it needs none, and must not take the port of a server beside it. */
export const ANY_PORT = -1;

export interface CorePorts {
  core_port: number;
  leaf_port: number;
  /** Folder of JetStream's files. */
  store: string;
}

export interface RelayOptions {
  server_name: string;
  /** Port of the loopback for ordinary clients; -1: any that is free. */
  client_port: number;
  /** `address:port`. */
  websocket_listen: string;
  /** Without: for the loopback, or behind something that ends TLS. */
  tls?: { cert: string; key: string };
  /** `nats-leaf://[user:password@]host:port`, `tls://` for TLS. */
  core_url: string;
  hub_id: string;
  hub_password: string;
  /** Whoever brings no credentials acts as the hub: for a machine of one's own only. */
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

/** Nothing in a template may close the string that it stands in. */
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
