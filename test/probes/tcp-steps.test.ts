/** The conversation of a tcp check with real mail servers, and what becomes of secrets in it. test/probes/corpus has the hostile servers. */
import { describe, expect, inject, it } from "vitest";
import type { TcpStep } from "../../src/core/methods/tcp.ts";
import { runCheck } from "./run-check.ts";

const { mail, redis, faulty, nothing } = inject("servers");
const NAME = "${PROBE_SECRET_S}" as const;

const SMTP: TcpStep[] = [
  { expect: "220 ", send: "EHLO hub\r\n" },
  { expect: "250 STARTTLS", send: "STARTTLS\r\n" },
  { expect: "220 ", tls: true },
  { send: "EHLO hub\r\n" },
  { expect: "250 ", send: "QUIT\r\n" },
  { expect: "221 " },
];
const IMAP: TcpStep[] = [
  { expect: "* OK", send: "a1 STARTTLS\r\n" },
  { expect: "a1 OK", tls: true },
  { send: "a2 CAPABILITY\r\n" },
  { expect: "a2 OK", send: "a3 LOGOUT\r\n" },
  { expect: "* BYE" },
];
const converse = (port: number, steps: TcpStep[], secret?: string) =>
  runCheck({ health_method: "tcp", health_url: `localhost:${port}`, health_options: { steps } }, true, {
    ...(secret === undefined ? {} : { secret: () => secret }),
  });

describe("a conversation", () => {
  it("goes through STARTTLS of a mail server, and speaks TLS from then on", async () => {
    expect(await converse(mail.smtp, SMTP)).toMatchObject({ verdict: "ok", error: null });
    expect(await converse(mail.imap, IMAP)).toMatchObject({ verdict: "ok", error: null });
  });

  it("needs no TLS", async () => {
    const steps = [{ send: "PING\r\n" }, { expect: "+PONG", send: "ECHO a\r\n" }, { expect: "$1\r\na\r\n" }];
    expect(await converse(redis.open, steps)).toMatchObject({ verdict: "ok", error: null });
  });

  it("says which step failed, and what came instead", async () => {
    const refused = await converse(mail.smtp, [{ expect: "220 ", send: "NOSUCH\r\n" }, { expect: "250 " }]);
    expect(refused).toMatchObject({
      verdict: "fail",
      error: 'timeout after 2 s: step 2 of 2: "250 " did not come, but "500 5.5.1 Invalid command\\r\\n"',
    });
    const gone = await converse(mail.smtp, [{ expect: "220 ", send: "QUIT\r\n" }, { expect: "250 " }]);
    expect(gone.error).toMatch(
      /^tcp: step 2 of 2: the connection was closed, and "250 " had not come, but "221 2\.0\.0 Bye\\r\\n"$/,
    );
  });

  it("says what is wrong with a certificate that STARTTLS shows", async () => {
    const found = await converse(mail.untrusted, SMTP);
    expect(found).toMatchObject({ verdict: "fail", error: expect.stringMatching(/^tls: the certificate .*signed/) });
  });

  it("names no step when no connection opens", async () => {
    expect((await converse(nothing, SMTP)).error).toBe("connect: refused");
  });
});

describe("a secret in a conversation", () => {
  const secret = "hunter2-hunter2-hunter2";
  it("is sent, and known by its name when it comes back", async () => {
    const steps = [{ expect: "220 ", send: `AUTH ${NAME}\r\n` }, { expect: `AUTH ${NAME}\r\n` }];
    expect(await converse(faulty.greeting, steps, secret)).toMatchObject({ verdict: "ok", error: null });
  });

  it("is not told by a step that fails", async () => {
    const steps = [{ expect: "220 ", send: `AUTH ${NAME}\r\n` }, { expect: "OK" }];
    const found = await converse(faulty.greeting, steps, secret);
    expect(found.error).toBe(`timeout after 2 s: step 2 of 2: "OK" did not come, but "AUTH ${NAME}\\r\\n"`);
  });

  it.each(["\r\n", ""])("can't be found out by comparing what comes back with %j at its end", async (end) => {
    for (const guess of ["h", "hunter2", "x"]) {
      const steps = [{ expect: "220 ", send: `AUTH ${NAME}${end}` }, { expect: `AUTH ${guess}` }];
      const [one, other] = await Promise.all(
        [secret, "xylophones-in-the-attic"].map((value) => converse(faulty.greeting, steps, value)),
      );
      expect(one?.verdict).toBe("fail");
      expect([one?.verdict, one?.error]).toEqual([other?.verdict, other?.error]);
    }
  });

  it("does not make a service look slow by the time that its probe waits for silence", async () => {
    const steps = [1, 2, 3].flatMap((n) => [{ send: `${n}${NAME}` }, { expect: `${n}` }]);
    const found = await runCheck(
      {
        health_method: "tcp",
        health_url: `localhost:${faulty.greeting}`,
        health_timeout: 30,
        health_options: { steps: [{ expect: "220 " }, ...steps] },
      },
      true,
      { secret: () => secret },
    );
    expect(found).toMatchObject({ verdict: "ok", error: null });
    expect(found.latency_ms).toBeLessThan(1_000);
  });
});
