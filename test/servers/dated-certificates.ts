/** Certificates with any dates and any authority, made by openssl. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { KeyPair } from "./certificates.ts";
import { run } from "./child-process.ts";

export interface DatedCertificate {
  /** Common name; empty: the whole subject is empty. */
  subject: string;
  /** Days from now; the first is negative when the certificate is valid already. */
  days: readonly [from: number, to: number];
  /** Null: it signs itself. */
  signer: KeyPair | null;
  /** As in subjectAltName; empty: it has only its common name; null: it is of an authority. */
  names: string | null;
  /** A certificate whose key it has, too; absent: it has a key of its own. */
  renews?: KeyPair;
}

const DAY_MS = 86_400_000;
const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout"];

export async function makeDated(folder: string, wanted: DatedCertificate): Promise<KeyPair> {
  const home = join(folder, crypto.randomUUID());
  await mkdir(home);
  const pair = { cert: join(home, "certificate"), key: wanted.renews?.key ?? join(home, "key") };
  const request = join(home, "request");
  const extensions =
    wanted.names === null
      ? ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"]
      : ["basicConstraints=critical,CA:FALSE", ...(wanted.names === "" ? [] : [`subjectAltName=${wanted.names}`])];
  const subject = ["-subj", wanted.subject === "" ? "/" : `/O=Test/CN=${wanted.subject}`];
  const added = extensions.flatMap((each) => ["-addext", each]);
  const key = [...(wanted.renews === undefined ? NEW_KEY : ["-key"]), pair.key];
  await run("openssl", ["req", "-new", ...key, ...subject, ...added, "-out", request]);
  await writeFile(join(home, "index"), "");
  await writeFile(join(home, "config"), configOf(home));
  const by =
    wanted.signer === null
      ? ["-selfsign", "-keyfile", pair.key]
      : ["-cert", wanted.signer.cert, "-keyfile", wanted.signer.key];
  const [from, to] = wanted.days.map((days) => dateOf(Date.now() + days * DAY_MS));
  const dates = ["-startdate", from ?? "", "-enddate", to ?? ""];
  const files = ["-in", request, "-out", pair.cert];
  await run("openssl", [
    "ca",
    "-batch",
    "-notext",
    "-config",
    join(home, "config"),
    ...by,
    "-rand_serial",
    ...dates,
    ...files,
  ]);
  return pair;
}

/** A key pair that shows these certificates after its own. */
export async function chained(folder: string, own: KeyPair, above: readonly KeyPair[]): Promise<KeyPair> {
  const cert = join(folder, crypto.randomUUID());
  const parts = await Promise.all([own, ...above].map((pair) => readFile(pair.cert, "utf8")));
  await writeFile(cert, parts.join("\n"));
  return { cert, key: own.key };
}

/** `20261130024600Z`. */
function dateOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+|[-:T]/g, "");
}

function configOf(home: string): string {
  return `[ca]
default_ca = own
[own]
database = ${home}/index
new_certs_dir = ${home}
serial = ${home}/serial
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
organizationName = optional
commonName = optional
`;
}
