/**
 * Finds out why a probe failed, after it has: the runtimes have one text for many causes. What is found is true for the
 * moment after the failure; a look that fails itself is no reason.
 */

import { isProbed, secureScheme } from "../core/methods/index.ts";
import type { Target } from "../core/methods/target-form.ts";
import { serverName } from "../core/methods/tls.ts";
import { isAddress, refusedHost } from "../core/service/address.ts";
import { NOT_PUBLIC } from "../core/service/public-network.ts";
import { authority } from "../core/service/target.ts";
import { certificateTroubles, unknownAuthority } from "./certificate-troubles.ts";
import type { Connection } from "./connection.ts";
import { CAUSES, failureFromError } from "./failure-words.ts";
import type { ProbeJob } from "./probe.ts";
import { ProbeFailure } from "./probe-failure.ts";
import { probeOf } from "./probes.ts";
import { lookAtTls } from "./tls-look.ts";
import { TLS_1_2 } from "./tls-messages.ts";
import type { TlsFinding } from "./tls-records.ts";

/** The ciphers of Workers: ECDHE with AES-GCM or ChaCha20, and everything of TLS 1.3. */
const MODERN_SUITES = [0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9, 0x1301, 0x1302];
/** A person waits for the verdict meanwhile, and a slot is taken. */
const LOOK_MS = 2_000;
const BEFORE_TLS = { handshaking: false, answered: false };
const NO_PRELUDE = async (): Promise<void> => {};
/** Descriptions of TLS alerts that say more than "the handshake failed" (RFC 8446, 6.2). */
const ALERTS = new Map([
  [70, "tls: the handshake failed: the server speaks none of the offered versions of TLS"],
  [80, "tls: the handshake failed: an internal error of the server"],
  [112, "tls: the handshake failed: the server does not know this host name"],
  [116, CAUSES.wantsCertificate],
]);

/** Returns the failure, with the words for its cause when that could be found out in time. Never throws. */
export async function explained(failure: ProbeFailure, job: ProbeJob): Promise<ProbeFailure> {
  if (failure.unclear === null) return failure;
  const done = new AbortController();
  const { endpoint } = job.progress;
  const target = { ...job.target, ...endpoint };
  const progress = { stage: "", handshaking: false, answered: false, endpoint };
  const look = { ...job, target, progress, signal: done.signal };
  const { promise: tooLate, resolve } = Promise.withResolvers<ProbeFailure>();
  const silent = failure.unclear === "tls" ? new ProbeFailure(CAUSES.silentInHandshake) : failure;
  const timer = setTimeout(() => resolve(silent), LOOK_MS);
  try {
    return await Promise.race([causeOf(failure, look).catch(() => failure), tooLate]);
  } finally {
    clearTimeout(timer);
    done.abort();
  }
}

/** The part of the job that a look needs: its target is the one that was asked last, after redirects. */
async function causeOf(failure: ProbeFailure, job: ProbeJob): Promise<ProbeFailure> {
  switch (failure.unclear) {
    case "name":
      return (await nameTrouble(job)) ?? (await refusal(job)) ?? (await portCause(failure, job));
    case "connection":
      return (await nameTrouble(job)) ?? (await platformTrouble(job)) ?? (await connectionCause(failure, job));
    case "tls":
      return await tlsCause(failure, job);
    case "protocol":
      return await protocolCause(failure, job);
    case null:
      return failure;
  }
}

async function nameTrouble(job: ProbeJob): Promise<ProbeFailure | null> {
  const addresses = await addressesOf(job);
  if (addresses === undefined || addresses.length > 0) return null;
  return new ProbeFailure(CAUSES.unknownHost);
}

/** Returns undefined when nothing is known: a look-up that fails itself is no reason. */
async function addressesOf({ target: { host }, context: { looks } }: ProbeJob): Promise<string[] | undefined> {
  if (isAddress(host)) return [host];
  const known = looks?.memory.get(host);
  if (known !== undefined) return known as string[];
  const found = await looks?.addressesOf(host);
  if (found === undefined || found === null) return undefined;
  looks?.memory.set(host, found);
  return found;
}

async function platformTrouble(job: ProbeJob): Promise<ProbeFailure | null> {
  const { looks } = job.context;
  const addresses = (await addressesOf(job)) ?? [];
  if (looks === undefined || !addresses.some((address) => looks.isPlatformAddress(address))) return null;
  return new ProbeFailure(CAUSES.platformAddress, { verdict: "unprobeable" });
}

async function connectionCause(failure: ProbeFailure, job: ProbeJob): Promise<ProbeFailure> {
  const { looks } = job.context;
  if (looks === undefined) return failure;
  const code = await looks.connectCode(authority(job.target));
  if (code === "") return job.target.tls ? await tlsCause(failure, job) : new ProbeFailure(CAUSES.lost);
  if (code !== null) return failureOf(code, job.target);
  return (await addressesOf(job)) === undefined ? failure : new ProbeFailure(CAUSES.notConnected);
}

/** Null: the port opens, or nobody can tell. */
async function refusal({ context: { looks }, target }: ProbeJob): Promise<ProbeFailure | null> {
  const code = (await looks?.connectCode(authority(target))) ?? "";
  return code === "" ? null : failureOf(code, target);
}

/** `code`: of a connection's error, as the system has it or the machine of a local hub. */
function failureOf(code: string, { host }: Target): ProbeFailure {
  if (!code.startsWith(NOT_PUBLIC)) return failureFromError(new Error(code), BEFORE_TLS);
  const address = code.slice(NOT_PUBLIC.length);
  const words = `refused target: ${host} stands for ${address}, and ${refusedHost(address)}`;
  return new ProbeFailure(words, { verdict: "unprobeable" });
}

/** Of a request that may have failed for any reason: only what is wrong for certain is its cause. */
async function portCause(failure: ProbeFailure, job: ProbeJob): Promise<ProbeFailure> {
  if (!job.target.tls) return await protocolCause(failure, job);
  const words = tlsWords(await tlsFinding(job, null), job, true);
  return words === null ? failure : new ProbeFailure(words);
}

async function tlsCause(failure: ProbeFailure, job: ProbeJob): Promise<ProbeFailure> {
  const { health_method } = job.check;
  const probe = probeOf(health_method, job.context);
  const words = tlsWords(await tlsFinding(job, probe?.beforeTls?.(job) ?? null), job, false);
  return words === null ? failure : new ProbeFailure(words);
}

async function protocolCause(failure: ProbeFailure, job: ProbeJob): Promise<ProbeFailure> {
  const { health_method } = job.check;
  const scheme = isProbed(health_method) ? secureScheme(health_method) : null;
  if (job.target.tls || scheme === null) return failure;
  const { kind } = await tlsFinding(job, null);
  if (kind !== "certificates" && kind !== "alert") return failure;
  const words = `tls: this port speaks TLS, and the check does not: use ${scheme}://`;
  return new ProbeFailure(words, { answered: failure.answered });
}

/** `prelude`: what is said before TLS; null: TLS begins with the connection. Changes the progress of the job. */
export async function tlsFinding(
  job: ProbeJob,
  prelude: ((connection: Connection) => Promise<unknown>) | null,
): Promise<TlsFinding> {
  const { target, context, check } = job;
  const name = certificateName(job);
  const key = `tls ${authority(target)} ${name}${prelude === null ? "" : ` of ${check.service_id}.${check.rev}`}`;
  const known = context.looks?.memory.get(key);
  if (known !== undefined) return known as TlsFinding;
  const found = await lookAtTls(job, isAddress(name) ? null : name, prelude ?? NO_PRELUDE);
  context.looks?.memory.set(key, found);
  return found;
}

/** The name that the certificate should be for. */
function certificateName({ check, target }: ProbeJob): string {
  const { server_name } = check.health_options;
  return (server_name === undefined ? null : serverName(server_name)) ?? target.host;
}

/** Returns null when nothing was found that explains the failure. `onlyCertain`: TLS may be fine. */
function tlsWords(found: TlsFinding, job: ProbeJob, onlyCertain: boolean): string | null {
  const { context } = job;
  switch (found.kind) {
    case "no_tls":
      return CAUSES.noTls;
    case "closed":
      return CAUSES.closedInHandshake;
    case "alert":
      return ALERTS.get(found.code) ?? null; // what the server has against the look is nothing that it has against the probe
    case "certificates": {
      const troubles = certificateTroubles(found.chain, certificateName(job), context.now());
      if (troubles.length > 0) return `tls: the certificate ${troubles.join(" and ")}`;
      if (found.version < TLS_1_2) return CAUSES.oldTls;
      if (found.wantsCertificate) return CAUSES.wantsCertificate;
      if (onlyCertain) return null;
      if (!context.canSkipVerification && !MODERN_SUITES.includes(found.suite)) return CAUSES.oldCipher;
      return `tls: the certificate ${unknownAuthority(found.chain)}`;
    }
  }
}
