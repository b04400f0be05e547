/** Certificates for loopback servers, made anew for each test run by openssl. */
import { readFile, writeFile } from "node:fs/promises";
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
  await make("ca", "Test authority");
  await Promise.all([
    make("trusted", "localhost", ...signed, "-addext", LOOPBACK_NAMES),
    make("misnamed", "elsewhere.example", ...signed, "-addext", "subjectAltName=DNS:elsewhere.example"),
    make("self-signed", "localhost", "-addext", LOOPBACK_NAMES),
  ]);
  return {
    caFile: at("ca").cert,
    trusted: at("trusted"),
    misnamed: at("misnamed"),
    selfSigned: at("self-signed"),
    remove: folder.remove,
  };
}

/** Copies a key pair to where a server with its own user may read it. */
export async function copyKeyPair(pair: KeyPair, folder: string): Promise<KeyPair> {
  const copy = { cert: join(folder, "server.crt"), key: join(folder, "server.key") };
  await writeFile(copy.cert, await readFile(pair.cert));
  await writeFile(copy.key, await readFile(pair.key), { mode: 0o600 });
  return copy;
}
