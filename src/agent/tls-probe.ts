/** The tls probe: looks at the certificate of a server, and at those above it, before they end. */
import { serverName } from "../core/methods/tls.ts";
import { certificateOf, certificatesOf } from "../probes/certificate-troubles.ts";
import { Connection } from "../probes/connection.ts";
import { tlsFinding } from "../probes/explain.ts";
import type { ProbeJob, ProbeResult, Protocol, TlsPeer } from "../probes/probe.ts";
import { ProbeFailure } from "../probes/probe-failure.ts";
import { soon } from "../probes/soon.ts";
import { TLS_1_2, TLS_1_3 } from "../probes/tls-messages.ts";
import { MAX_CHAIN } from "../probes/tls-records.ts";
import { chainOf, distrustOf, rootsIn } from "./tls-chain.ts";
import { judgeCertificate } from "./tls-judge.ts";

/** The look asks for nothing but the certificate, which a server has at hand. */
const LOOK_MS = 2_000;
/** As OpenSSL calls them; older ones fail. */
const PROTOCOLS = new Map<number, string>([
  [TLS_1_2, "TLSv1.2"],
  [TLS_1_3, "TLSv1.3"],
]);

/** `distrust`: undefined when nobody has judged the chain yet. */
interface Seen extends Omit<TlsPeer, "distrust"> {
  distrust: string | null | undefined;
  certainAt: number;
  wantsCertificate: boolean;
}

export const tlsProbe: Protocol = async (job): Promise<ProbeResult> => {
  const { target, check, context } = job;
  const { server_name } = check.health_options;
  const name = (server_name === undefined ? null : serverName(server_name)) ?? target.host;
  const seen = await shakeHands(job, name).catch((error) => lookAfter(job, error));
  const { protocol, certainAt, wantsCertificate } = seen;
  const [first, ...others] = seen.chain.slice(0, MAX_CHAIN);
  if (first === undefined) throw new ProbeFailure("tls: the server shows no certificate", { answered: true });
  const leaf = certificateOf(first);
  if (leaf === null) throw new ProbeFailure("tls: the certificate can't be read", { answered: true });
  const roots = seen.distrust === null || seen.distrust === undefined ? rootsIn(context.looks?.memory) : new Map();
  const chain = chainOf(leaf, { sent: [leaf, ...certificatesOf(others)], roots, now: context.now() });
  const { distrust = distrustOf(chain, roots) } = seen;
  const shown = { chain, distrust, protocol, name, wantsCertificate };
  return { ...judgeCertificate(shown, check.health_options, context.now()), certainAt };
};

async function shakeHands(job: ProbeJob, name: string): Promise<Seen> {
  const connection = await Connection.open(job, "on", "none", name);
  const certainAt = job.context.now();
  const peer = connection.peer();
  // Nothing is sent but the end of the handshake: without it, the server would log a failed one. The verdict stands.
  await connection.write(new Uint8Array(0)).catch(() => {});
  connection.close();
  return { distrust: null, chain: [], protocol: "", ...peer, certainAt, wantsCertificate: false };
}

/**
 * Up to TLS 1.2, a server that wants a certificate of the client ends the handshake, long after it has shown its own.
 * Throws the error of the handshake when that was not the reason. What this side found wrong, such as a signature by
 * another key than that of the certificate, is one: a certificate counts only with its key.
 */
async function lookAfter(job: ProbeJob, error: unknown): Promise<Seen> {
  if (!job.progress.handshaking || job.signal.aborted) throw error;
  const look = { ...job, progress: { ...job.progress } };
  const found = await soon(LOOK_MS, tlsFinding(look, null), null);
  const protocol = found?.kind === "certificates" && found.wantsCertificate ? PROTOCOLS.get(found.version) : undefined;
  if (found?.kind !== "certificates" || protocol === undefined) throw error;
  const own = ownFinding(error);
  if (own !== null) throw new ProbeFailure(`tls: the handshake failed (${own})`, { answered: true });
  return { chain: found.chain, distrust: undefined, protocol, certainAt: job.context.now(), wantsCertificate: true };
}

/** The code of what OpenSSL here found wrong; null: the server ended the handshake, by an alert or without a word. */
function ownFinding(error: unknown): string | null {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^ERR_SSL_(?!(?:SSL|TLS)\S*_ALERT_)/.test(code) ? code : null;
}
