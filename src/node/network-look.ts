/** The answer of the machine's own network about a host. */

import { type LookupAddress, lookup as lookupThen } from "node:dns";
import { lookup } from "node:dns/promises";
import { connect, type LookupFunction } from "node:net";
import { asError } from "../core/values/error-message.ts";

const CONNECT_MS = 2_000;
/** DNS has answered, and there is no address. Other codes are about DNS itself. */
const NO_ADDRESS = ["ENOTFOUND", "ENODATA"];

/** Returns the addresses of a name, none when it has none; null: DNS does not answer. */
export async function addressesOf(host: string): Promise<string[] | null> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    return NO_ADDRESS.includes(codeOf(error)) ? [] : null;
  }
}

/**
 * Opens and closes a connection to `host:port`. Returns the system's code of the error; empty: it opened. `lookUp`: how
 * the name is looked up; absent: as everywhere.
 */
export async function connectCode(address: string, lookUp?: LookupFunction): Promise<string> {
  if (!URL.canParse(`tcp://${address}`)) return "";
  const { hostname, port } = new URL(`tcp://${address}`);
  const socket = connect({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port),
    timeout: CONNECT_MS,
    ...(lookUp === undefined ? {} : { lookup: lookUp }),
  });
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.once("connect", () => resolve(""));
  socket.once("timeout", () => resolve("ETIMEDOUT"));
  socket.once("error", (error) => resolve(codeOf(error)));
  const code = await promise;
  socket.destroy();
  return code;
}

/**
 * The look-up of a connection: what `allowed` has checked is what it connects to. `allowed` throws when it leaves no
 * address of those that the name has.
 */
export function checkedLookUp(allowed: (host: string, addresses: LookupAddress[]) => LookupAddress[]): LookupFunction {
  return (host, options, callback) => {
    lookupThen(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, "");
      try {
        const left = allowed(host, addresses);
        const [first] = left;
        if (options.all === true || first === undefined) callback(null, left);
        else callback(null, first.address, first.family);
      } catch (refusal) {
        callback(asError(refusal), "");
      }
    });
  };
}

/** Of several addresses that failed, the code of the last. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors.at(-1));
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
