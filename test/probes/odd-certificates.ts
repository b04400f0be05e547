/** Certificates that no authority would make, valid from 2026 to 2081. */

/** For CN=foo.example, for CN=192.0.2.1, and without a subject for DNS:foo.example; each signs itself. */
export const [COMMON_NAME, COMMON_ADDRESS, NO_SUBJECT] = [
  "MIIBgzCCASmgAwIBAgIUZgLoms5ny5ACJnJyu4fJurIKoYIwCgYIKoZIzj0EAwIwFjEUMBIGA1UEAwwLZm9vLmV4YW1wbGUwIBcNMjYxMjAxMDQyNjE2WhgPMjA4MTA5MDMwNDI2MTZaMBYxFDASBgNVBAMMC2Zvby5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEdmmVbb/lOvY7KwedGy+OjveC6IX5RGriFOnIP9cDr3JFxcWXc4sQZbXI/1s0jXxVq8muNpI/K+RLaaJQNRoyZKNTMFEwHQYDVR0OBBYEFM030By7ZjNrNkdHPU1lZ5l2dVe+MB8GA1UdIwQYMBaAFM030By7ZjNrNkdHPU1lZ5l2dVe+MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAP5LDOKx3MZ7Z6KesG0p4w1btsAawJKdpKcGmyHDMxdQAiBwP/kazSa8pquAp6ix9E1vUdwHMKP/xNWZZ5duw/E2lQ==",
  "MIIBfzCCASWgAwIBAgIUNL3+ihD6s0sEK/9TWaeh1SPxq7kwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJMTkyLjAuMi4xMCAXDTI2MTIwMTA0MjYxNloYDzIwODEwOTAzMDQyNjE2WjAUMRIwEAYDVQQDDAkxOTIuMC4yLjEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQPWKJD9wCtPLtOyvY0fwlWb6MML1nfcB8Tidcl77F4Dns9Ffhx8dCEbUYTCmsvyCE9D78UChh3kzZg89mfBIxXo1MwUTAdBgNVHQ4EFgQUP2sSc9HGBm4G78BNsteOMpJwsmYwHwYDVR0jBBgwFoAUP2sSc9HGBm4G78BNsteOMpJwsmYwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA+gNZICAx5dYW+CvIF9H67sQX9vjBtdYtgizIOYucWvoCICTiy+DCLJNb+pAn7nPa5ScseYZpbrbKG5N4BFF54b3n",
  "MIIBbjCCARWgAwIBAgIUP9Ai/c1SwQ/cg9whK3xPbyr8FDMwCgYIKoZIzj0EAwIwADAgFw0yNjEyMDEwNDI2MTZaGA8yMDgxMDkwMzA0MjYxNlowADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOiQucn1JBOeBFerBKUu3K3czNxP54+TcAZfebFa9e5pXfcsi0iE6LAdiK8D2oWoQisDdLjZMw1+HNVfao/1YJujazBpMB0GA1UdDgQWBBQObBvD/RycKvQHfnmK2z9uJlhLwzAfBgNVHSMEGDAWgBQObBvD/RycKvQHfnmK2z9uJlhLwzAPBgNVHRMBAf8EBTADAQH/MBYGA1UdEQQPMA2CC2Zvby5leGFtcGxlMAoGCCqGSM49BAMCA0cAMEQCIFlfrrwPuukW5zRtVQj0I1zEubdrbtbZy5iGgZ4NIa6NAiBJY0hQr9rMqXXf8N6amEBeTRvqLgdY6e8HmPTdvRjOMg==",
].map((base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const UTC_TIME = [0x17, 13];
const GENERALIZED_TIME = [0x18, 15];

/** The same certificate with another text in the place of its date. */
export function withEnd(certificate: Uint8Array, text: string): Uint8Array {
  const changed = new Uint8Array(certificate);
  const isDate = (_byte: number, at: number) =>
    [UTC_TIME, GENERALIZED_TIME].some(([tag, length]) => certificate[at] === tag && certificate[at + 1] === length);
  const at = certificate.findLastIndex(isDate);
  changed.set(new TextEncoder().encode(text.padEnd(certificate[at + 1] ?? 0, "Z")), at + 2);
  return changed;
}

/** The certificate with each of its bytes changed in turn. */
export function* damaged(certificate: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < certificate.length; at++) {
    for (const byte of [0, 0x30, 0x7f, 0xff]) {
      const changed = new Uint8Array(certificate);
      changed[at] = byte;
      yield changed;
    }
  }
}
