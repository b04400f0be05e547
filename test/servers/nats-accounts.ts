/** A nats-server that knows its users by signed tokens only, as a creds file carries them. */
import { nkeys } from "@nats-io/transport-node";

const DAY_S = 86_400;
type KeyPair = ReturnType<typeof nkeys.createAccount>;

export interface SignedAccount {
  /** For the server's configuration: trusts the operator and knows the account. */
  configuration: string;
  /** The text of a creds file. */
  creds: string;
}

/** Made anew for each run (docs.nats.io: decentralized JWT authentication). */
export function signedAccount(): SignedAccount {
  const operator = nkeys.createOperator();
  const account = nkeys.createAccount();
  const user = nkeys.createUser();
  const text = new TextDecoder();
  const operatorToken = signed(operator, operator, "operator", { type: "operator", version: 2 });
  const limits = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const accountToken = signed(operator, account, "account", { type: "account", version: 2, limits });
  const userToken = signed(account, user, "hub", { type: "user", version: 2, subs: -1, data: -1, payload: -1 });
  return {
    configuration: [
      `operator: ${operatorToken}`,
      "resolver: MEMORY",
      `resolver_preload: { ${account.getPublicKey()}: ${accountToken} }`,
    ].join("\n"),
    creds: [
      ...["-----BEGIN NATS USER JWT-----", userToken, "------END NATS USER JWT------", ""],
      ...["-----BEGIN USER NKEY SEED-----", text.decode(user.getSeed()), "------END USER NKEY SEED------", ""],
    ].join("\n"),
  };
}

function signed(issuer: KeyPair, subject: KeyPair, name: string, nats: object): string {
  const now = Math.floor(Date.now() / 1_000);
  const claims = {
    jti: crypto.randomUUID(),
    iat: now,
    exp: now + DAY_S,
    iss: issuer.getPublicKey(),
    name,
    sub: subject.getPublicKey(),
    nats,
  };
  const head = `${encoded({ typ: "JWT", alg: "ed25519-nkey" })}.${encoded(claims)}`;
  const signature = issuer.sign(new TextEncoder().encode(head));
  return `${head}.${Buffer.from(signature).toString("base64url")}`;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
