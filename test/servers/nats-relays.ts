/** Relays in every state that a hub may find one in, each a real nats-server. */
import { DiscardPolicy } from "@nats-io/jetstream";
import { setUpStream, streamSettings } from "../../src/relay/stream.ts";
import type { Certificates, KeyPair } from "./certificates.ts";
import { freePort, type Started, untilListens } from "./child-process.ts";
import { startNats } from "./nats.ts";
import { signedAccount } from "./nats-accounts.ts";
import type { TestRelays } from "./test-servers.ts";
import { TEST_PASSWORD } from "./test-servers.ts";

const WEBSOCKET = 'websocket { listen: "127.0.0.1:{{port}}", no_tls: true }';
const secured = ({ cert, key }: KeyPair) =>
  `websocket { listen: "127.0.0.1:{{port}}", tls { cert_file: "${cert}", key_file: "${key}" } }`;
const JETSTREAM = 'jetstream { store_dir: "{{folder}}" }';
const USERS = `authorization { users: [
  { user: "hub", password: "${TEST_PASSWORD}" }
  { user: "mute", password: "${TEST_PASSWORD}", permissions: { publish: { deny: "hub.>" } } }
  { user: "picky", password: "${TEST_PASSWORD}", permissions: { publish: { deny: "hub.*.health.refused" } } }
] }`;

export interface StartedRelays {
  relays: TestRelays;
  stop(): Promise<void>;
}

export async function startRelays(certificates: Certificates): Promise<StartedRelays> {
  const account = signedAccount();
  const started: Started[] = [];
  const stop = async () => {
    await Promise.all(started.map((server) => server.stop()));
  };
  const relay = async (
    lines: string[],
    stream?: Parameters<typeof setUpStream>[1],
    websocket = WEBSOCKET,
  ): Promise<{ url: string; client: number }> => {
    const client = await freePort();
    const server = await startNats([`listen: "127.0.0.1:${client}"`, websocket, ...lines].join("\n"));
    started.push(server);
    await untilListens(client);
    const user = `hub:${encodeURIComponent(TEST_PASSWORD)}`;
    if (stream !== undefined) await setUpStream(`nats://${user}@127.0.0.1:${client}`, stream);
    return { url: server.url, client };
  };
  const small = { ...streamSettings(), max_msgs: 1, discard: DiscardPolicy.New };
  try {
    const [working, narrow, full, token, creds, tls, untrusted] = await Promise.all([
      relay([JETSTREAM, USERS], streamSettings()),
      relay([JETSTREAM, USERS, "max_payload: 8192"], { ...streamSettings(), subjects: ["hub.*.health.*"] }),
      relay([JETSTREAM, USERS], small),
      relay([`authorization { token: "${TEST_PASSWORD}" }`]),
      relay([account.configuration]),
      relay([JETSTREAM, USERS], streamSettings(), secured(certificates.trusted)),
      relay([], undefined, secured(certificates.selfSigned)),
    ]);
    const relays: TestRelays = {
      working: working.url,
      plain_port: working.client,
      narrow: narrow.url,
      full: full.url,
      token: token.url,
      creds: creds.url,
      creds_file: account.creds,
      tls: tls.url.replace("ws:", "wss:"),
      untrusted: untrusted.url.replace("ws:", "wss:"),
    };
    return { relays, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
