/** The few parts of Node's modules that Workers have (`nodejs_compat`) and that run in both. */

declare module "node:crypto" {
  export class X509Certificate {
    constructor(der: Uint8Array);
    /** Absent: it is empty, as in certificates that name their hosts elsewhere. */
    readonly subject: string | undefined;
    readonly issuer: string | undefined;
    readonly subjectAltName: string | undefined;
    /** Date as text, in UTC. */
    readonly validFrom: string;
    readonly validTo: string;
    /** Returns the name that fits; null or undefined: none does. */
    checkHost(name: string, options?: { subject: "default" | "never" }): string | null | undefined;
    checkIP(address: string): string | null | undefined;
    /** Whether the other certificate is the issuer of this one, by its names. */
    checkIssued(other: X509Certificate): boolean;
  }
}

declare module "node:zlib" {
  /** A stream that takes compressed bytes and gives plain ones. */
  export interface Decompressor extends AsyncIterable<Uint8Array> {
    readonly destroyed: boolean;
    write(bytes: Uint8Array): boolean;
    end(): void;
    once(event: "drain" | "close" | "error", heard: () => void): unknown;
    destroy(error?: Error): unknown;
  }
  export function createGunzip(): Decompressor;
  export function createInflate(): Decompressor;
  export function createInflateRaw(): Decompressor;
  export function createBrotliDecompress(): Decompressor;
}
