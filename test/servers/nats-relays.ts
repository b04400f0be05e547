/** Relays in every state that a hub may find one in, each a real nats-server. */
import { DiscardPolicy } from "@nats-io/jetstream";
import { setUpStream, streamSettings } from "../../src/relay/stream.ts";
import { freePort, type Started } from "./child-process.ts";
import { startNats } from "./nats.ts";
import { signedAccount } from "./nats-accounts.ts";
import type { TestRelays } from "./test-servers.ts";
import { TEST_PASSWORD } from "./test-servers.ts";

const WEBSOCKET = 'websocket { listen: "127.0.0.1:{{port}}", no_tls: true }';
const JETSTREAM = 'jetstream { store_dir: "{{folder}}" }';
const USERS = `authorization { users: [
  { user: "hub", password: "${TEST_PASSWORD}" }
  { user: "mute", password: "${TEST_PASSWORD}", permissions: { publish: { deny: "hub.>" } } }
] }`;

export interface StartedRelays {
  relays: TestRelays;
  stop(): Promise<void>;
}

export async function startRelays(): Promise<StartedRelays> {
  const account = signedAccount();
  const started: Started[] = [];
  const stop = async () => {
    await Promise.all(started.map((server) => server.stop()));
  };
  const relay = async (lines: string[], stream?: Parameters<typeof setUpStream>[1]): Promise<string> => {
    const client = await freePort();
    const server = await startNats([`listen: "127.0.0.1:${client}"`, WEBSOCKET, ...lines].join("\n"));
    started.push(server);
    const user = `hub:${encodeURIComponent(TEST_PASSWORD)}`;
    if (stream !== undefined) await setUpStream(`nats://${user}@127.0.0.1:${client}`, stream);
    return server.url;
  };
  const small = { ...streamSettings(), max_msgs: 1, discard: DiscardPolicy.New };
  try {
    const [working, full, token, creds] = await Promise.all([
      relay([JETSTREAM, USERS], streamSettings()),
      relay([JETSTREAM, USERS], small),
      relay([`authorization { token: "${TEST_PASSWORD}" }`]),
      relay([account.configuration]),
    ]);
    return { relays: { working, full, token, creds, creds_file: account.creds }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
