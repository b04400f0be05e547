/**
 * The conversation of a tcp check. In each step the probe waits for a text, then sends one or starts TLS, as SMTP, IMAP
 * and FTP do with STARTTLS (RFC 3207, RFC 9051, RFC 4217).
 */
import type { TcpStep } from "../core/methods/tcp.ts";
import type { Connection } from "./connection.ts";
import { failureFromError } from "./failure-words.ts";
import type { ProbeJob } from "./probe.ts";
import { type FailureOptions, ProbeFailure } from "./probe-failure.ts";
import { QUIET_MS, quietAfter } from "./quiet.ts";
import { shown } from "./shown.ts";

/** Of what comes in one step. */
const MAX_ANSWER_CHARS = 65_536;
/** Workers can't start TLS while they listen, and the end of a secret is waited for. */
const NEEDS_LINES =
  "can't be checked: with a secret, TLS can start only after an answer that ends its line, and this target has no lines";

/** Runs all steps over an open connection. Returns when the last one was certain, Unix ms. Throws a ProbeFailure. */
export async function converse(job: ProbeJob, connection: Connection, steps: readonly TcpStep[]): Promise<number> {
  const conversation = new Conversation(job, connection, steps);
  for (const step of steps) {
    await conversation.run(step);
    if (step.tls === true) await conversation.startTls();
  }
  return conversation.certainAt();
}

/** Returns what brings a connection to the point where TLS starts; null: no step starts it. */
export function talkBeforeTls(job: ProbeJob): ((connection: Connection) => Promise<void>) | null {
  const { steps = [] } = job.check.health_options;
  const last = steps.findIndex(({ tls }) => tls === true);
  if (last < 0) return null;
  return async (connection) => {
    const conversation = new Conversation(job, connection, steps);
    for (const step of steps.slice(0, last + 1)) await conversation.run(step);
  };
}

/** Of what the target says, the secrets are removed before it is compared or shown. */
class Conversation {
  readonly #job: ProbeJob;
  readonly #connection: Connection;
  readonly #count: number;
  #step = 0;
  #decoder = new TextDecoder();
  /** The text since the last one that was found or sent: without secrets, as far as it can be judged. */
  #heard = "";
  /** The text after that, which may end in the middle of a secret. */
  #open = "";
  /** Whether one of the two ends lines. Not every protocol has them; XMPP starts TLS after a tag. */
  #hasLines: boolean;
  /** Whether a text was found since the last one that was sent, in a line that had not ended with it. */
  #isInLine = false;
  /** A read that has begun. */
  #coming: Promise<Uint8Array | null> | null = null;
  #cameAt: number;
  /** The time in which the probe only made sure that nothing more came. It is none of the target's. */
  #ownMs = 0;

  constructor(job: ProbeJob, connection: Connection, steps: readonly TcpStep[]) {
    this.#job = job;
    this.#connection = connection;
    this.#count = steps.length;
    this.#hasLines = steps.some(({ expect = "", send = "" }) => expect.includes("\n") || send.endsWith("\n"));
    this.#cameAt = job.context.now();
  }

  certainAt(): number {
    return this.#job.context.now() - this.#ownMs;
  }

  /** All of a step but TLS; when TLS is to start, nothing that came in clear is left. */
  async run({ expect, send, tls }: TcpStep): Promise<void> {
    this.#step += 1;
    try {
      if (expect !== undefined) await this.#hear(expect);
      if (tls === true) await this.#endLine(expect?.endsWith("\n") === true);
      if (send === undefined) return;
      await this.#restOfLine();
      await this.#say(send);
    } catch (error) {
      throw this.#failureOf(error);
    }
  }

  async startTls(): Promise<void> {
    try {
      const starting = this.#connection.startTls();
      this.#job.progress.stage = `${this.#place()}: the TLS handshake did not end`;
      await starting;
    } catch (error) {
      throw this.#failureOf(error);
    }
    // Text in clear is no answer any more: anybody may have sent it (CVE-2011-0411).
    this.#heard = "";
    this.#open = "";
    this.#isInLine = false;
    this.#coming = null;
    this.#decoder = new TextDecoder();
  }

  /** The line in which a text was found answers nothing that is sent later. A prompt has no end of a line: it is silent. */
  async #restOfLine(): Promise<void> {
    this.#job.progress.stage = `${this.#place()}: the line before the text to send did not end`;
    while (this.#hasLines && this.#isInLine && !(this.#heard + this.#open).includes("\n")) {
      if ((await this.#isSilent()) || !(await this.#more())) return;
      if (this.#heard.length + this.#open.length >= MAX_ANSWER_CHARS) return;
    }
  }

  async #say(text: string): Promise<void> {
    this.#job.progress.stage = `${this.#place()}: the text to send was not taken`;
    this.#heard = ""; // the answer to it comes later
    this.#open = "";
    this.#isInLine = false;
    await this.#connection.write(text);
  }

  async #hear(expect: string): Promise<void> {
    for (;;) {
      if (this.#take(expect, false)) return;
      const isQuiet = await this.#isQuiet();
      if (isQuiet && this.#take(expect, true)) return;
      this.#waitFor(expect, isQuiet);
      if (this.#heard.length + this.#open.length >= MAX_ANSWER_CHARS) throw this.#tooLong(expect);
      if (await this.#more()) continue;
      if (this.#take(expect, true)) return;
      throw this.#closed(expect);
    }
  }

  /** Reads the rest of the line that the text stands in. `isAtEnd`: the text ends with its line. */
  async #endLine(isAtEnd: boolean): Promise<void> {
    this.#job.progress.stage = `${this.#place()}: the line before TLS did not end`;
    while (this.#hasLines || isAtEnd) {
      const text = this.#heard + this.#open;
      const end = isAtEnd ? 0 : text.indexOf("\n") + 1;
      const rest = this.#job.secrets.redact(text.slice(end));
      if (end === 0 && !isAtEnd) {
        if (text.length >= MAX_ANSWER_CHARS) throw this.#failure("the line before TLS is longer than 64 KiB");
        if (!(await this.#more())) throw this.#failure("the connection was closed before TLS began");
      } else if (rest === "") break;
      else throw this.#failure(`before TLS began, the target said more in clear text: ${shown(rest)}`);
    }
    if (this.#coming !== null) throw new ProbeFailure(NEEDS_LINES, { answered: true, verdict: "unprobeable" });
  }

  /** Looks for the text, and forgets what came up to its end. */
  #take(expect: string, isQuiet: boolean): boolean {
    const { secrets } = this.#job;
    const { known, open } =
      isQuiet || secrets.isEmpty ? secrets.redactSoFar(this.#open) : { known: "", open: this.#open };
    const text = this.#heard + known;
    const at = text.indexOf(expect);
    if (at < 0) return false;
    this.#open = open;
    this.#heard = text.slice(at + expect.length);
    this.#isInLine = !expect.endsWith("\n");
    return true;
  }

  /** Whether nothing more comes for a moment after what may be the beginning of a secret. */
  async #isQuiet(): Promise<boolean> {
    return this.#open !== "" && !this.#job.secrets.isEmpty && (await this.#isSilent());
  }

  async #isSilent(): Promise<boolean> {
    this.#coming ??= this.#connection.chunk();
    if (!(await quietAfter(QUIET_MS, this.#coming))) return false;
    this.#ownMs += this.#job.context.now() - this.#cameAt;
    this.#cameAt = this.#job.context.now();
    return true;
  }

  /** Returns false when the target has closed the connection. */
  async #more(): Promise<boolean> {
    const coming = this.#coming ?? this.#connection.chunk();
    this.#coming = null;
    const chunk = await coming;
    if (chunk === null) return false;
    this.#cameAt = this.#job.context.now();
    this.#open += this.#decoder.decode(chunk, { stream: true });
    this.#hasLines ||= this.#open.includes("\n");
    const { secrets } = this.#job;
    const end = secrets.endWithLines ? this.#open.lastIndexOf("\n") + 1 : 0;
    this.#heard += secrets.redact(this.#open.slice(0, end));
    this.#open = this.#open.slice(end);
    return true;
  }

  /** The text of a timeout. It leaves out what may be the beginning of a secret. */
  #waitFor(expect: string, isQuiet: boolean): void {
    const { secrets, progress } = this.#job;
    const came = this.#heard + (isQuiet || secrets.isEmpty ? secrets.redactSoFar(this.#open).known : "");
    const instead = came === "" ? "" : `, but ${shown(came)}`;
    progress.stage = `${this.#place()}: ${shown(expect)} did not come${instead}`;
  }

  #tooLong(expect: string): ProbeFailure {
    return this.#failure(`the first 64 KiB of the answer do not contain ${shown(expect)}: ${shown(this.#begun())}`);
  }

  #begun(): string {
    const { secrets } = this.#job;
    return this.#heard === "" ? secrets.redactBeginning(this.#open) : this.#heard;
  }

  #closed(expect: string): ProbeFailure {
    const { secrets } = this.#job;
    const came = this.#heard + secrets.redactSoFar(this.#open).known;
    const instead = came === "" ? "" : `, but ${shown(came)}`;
    const words = `the connection was closed, and ${shown(expect)} had not come${instead}`;
    return this.#failure(words, this.#connection.answered ? {} : { unclear: "protocol" });
  }

  #failure(words: string, options: FailureOptions = {}): ProbeFailure {
    return this.#connection.failure(words, options);
  }

  /** Names the step. What is wrong with the check or with the checker itself is not of a step. */
  #failureOf(error: unknown): unknown {
    if (this.#job.signal.aborted) return error;
    const failure = error instanceof ProbeFailure ? error : failureFromError(error, this.#job.progress);
    const { verdict, answered, timedOut, unclear } = failure;
    if (verdict !== "fail") return failure;
    const options = { answered, timedOut, ...(unclear === null ? {} : { unclear }) };
    return new ProbeFailure(`tcp: ${this.#place()}: ${failure.message}`, options);
  }

  #place(): string {
    return `step ${this.#step} of ${this.#count}`;
  }
}
