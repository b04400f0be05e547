/** The few parts of Node's modules that Workers have (`nodejs_compat`) and that run in both. */

declare module "node:crypto" {
  export class X509Certificate {
    constructor(der: Uint8Array);
    readonly subject: string;
    readonly issuer: string;
    readonly subjectAltName: string | undefined;
    /** Date as text, in UTC. */
    readonly validFrom: string;
    readonly validTo: string;
    /** Returns the name that fits; null or undefined: none does. */
    checkHost(name: string): string | null | undefined;
    checkIP(address: string): string | null | undefined;
    /** Whether the other certificate is the issuer of this one, by its names. */
    checkIssued(other: X509Certificate): boolean;
  }
}

declare module "node:zlib" {
  export function brotliDecompressSync(bytes: Uint8Array, options: { maxOutputLength: number }): Uint8Array;
}
