/** Certificates for loopback servers, made anew for each test run by openssl. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run, temporaryFolder } from "./child-process.ts";

/** Paths of PEM files. */
export interface KeyPair {
  cert: string;
  key: string;
}

export interface Certificates {
  /** PEM file of the authority that signed `trusted` and `misnamed`. */
  caFile: string;
  /** For `localhost` and `127.0.0.1`. */
  trusted: KeyPair;
  /** Signed by the same authority, for `elsewhere.example` only. */
  misnamed: KeyPair;
  /** Signed by itself. */
  selfSigned: KeyPair;
  /** Signed by the authority of `trusted`; ended years ago. */
  expired: KeyPair;
  /** Signed by the authority of `trusted`; begins in many years. */
  notYetValid: KeyPair;
  /** Signed by an authority that nobody trusts. */
  stranger: KeyPair;
  remove(): Promise<void>;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
const LOOPBACK_NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1";

export async function makeCertificates(): Promise<Certificates> {
  const folder = await temporaryFolder("certificates");
  const at = (name: string): KeyPair => ({
    cert: join(folder.path, `${name}.crt`),
    key: join(folder.path, `${name}.key`),
  });
  const make = (name: string, subject: string, ...more: string[]) =>
    run("openssl", [
      ...["req", "-x509", ...NEW_KEY, "-subj", `/CN=${subject}`],
      ...["-out", at(name).cert, "-keyout", at(name).key, ...more],
    ]);
  const signed = ["-CA", at("ca").cert, "-CAkey", at("ca").key, "-addext", "basicConstraints=critical,CA:FALSE"];
  /** `openssl req` makes no certificate of another time than now. */
  const makeDated = async (name: string, from: string, to: string) => {
    const request = join(folder.path, `${name}.csr`);
    await run("openssl", [
      ...[
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-subj",
        "/CN=localhost",
      ],
      ...["-addext", LOOPBACK_NAMES, "-keyout", at(name).key, "-out", request],
    ]);
    const home = join(folder.path, `${name}.ca`);
    await mkdir(home);
    await writeFile(join(home, "index"), "");
    await writeFile(join(home, "config"), datedConfig(home));
    await run("openssl", [
      ...["ca", "-batch", "-notext", "-config", join(home, "config"), "-cert", at("ca").cert, "-keyfile", at("ca").key],
      ...["-rand_serial", "-startdate", from, "-enddate", to, "-in", request, "-out", at(name).cert],
    ]);
  };
  await Promise.all([make("ca", "Test authority"), make("other-ca", "Unknown authority")]);
  const byOther = [
    "-CA",
    at("other-ca").cert,
    "-CAkey",
    at("other-ca").key,
    "-addext",
    "basicConstraints=critical,CA:FALSE",
  ];
  await Promise.all([
    make("trusted", "localhost", ...signed, "-addext", LOOPBACK_NAMES),
    make("misnamed", "elsewhere.example", ...signed, "-addext", "subjectAltName=DNS:elsewhere.example"),
    make("stranger", "localhost", ...byOther, "-addext", LOOPBACK_NAMES),
    makeDated("expired", "20200101000000Z", "20210101000000Z"),
    makeDated("not-yet-valid", "20900101000000Z", "20910101000000Z"),
    make("self-signed", "localhost", "-addext", LOOPBACK_NAMES),
  ]);
  return {
    caFile: at("ca").cert,
    trusted: at("trusted"),
    misnamed: at("misnamed"),
    selfSigned: at("self-signed"),
    expired: at("expired"),
    notYetValid: at("not-yet-valid"),
    stranger: at("stranger"),
    remove: folder.remove,
  };
}

function datedConfig(home: string): string {
  return `[ca]
default_ca = own
[own]
database = ${home}/index
new_certs_dir = ${home}
serial = ${home}/serial
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
`;
}

/** Copies a key pair to where a server with its own user may read it. */
export async function copyKeyPair(pair: KeyPair, folder: string): Promise<KeyPair> {
  const copy = { cert: join(folder, "server.crt"), key: join(folder, "server.key") };
  await writeFile(copy.cert, await readFile(pair.cert));
  await writeFile(copy.key, await readFile(pair.key), { mode: 0o600 });
  return copy;
}
