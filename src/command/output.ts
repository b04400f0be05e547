/** Prints so that all of it arrives, or the command says that it did not. */
import { fstatSync, writeFileSync } from "node:fs";
import type { Writable } from "node:stream";
import { asError, messageOf } from "../core/values/error-message.ts";
import { EXIT } from "./hub-io.ts";

export interface OutputDeps {
  stdout: Printer;
  stderr: Printer;
  /** Writes at once, because the process ends right after it. */
  complain(text: string): void;
  exit(code: number): void;
  /** Whether what runs is a hub or an agent. */
  isProgram: boolean;
}

/** Prints lines to one stream. */
export interface Printer {
  stream: Pick<Writable, "write" | "errored"> & {
    prependListener(event: "error", run: (error: Error) => void): unknown;
  };
  /** Set for a file: Node's stream would take a write of a part for one of the whole. Throws when the disk is full. */
  writeAll: ((text: string) => void) | null;
}

export interface Output {
  out(line: string): void;
  err(line: string): void;
  /** Resolves when nobody reads the output any more. */
  readerGone: Promise<void>;
  /** Resolves when the readers have taken everything. */
  flushed(): Promise<void>;
}

/**
 * A reader that has seen enough, as in `hub services | head -1`, gets no more, and the command goes on to its own end:
 * what it does at the hub must not depend on who reads. With any other error the output is not whole, so the process
 * says so and fails; but not one that works for long (`isProgram`), whose output is only its log.
 */
export function openOutput({ stdout, stderr, complain, exit, isProgram }: OutputDeps): Output {
  const gone = Promise.withResolvers<void>();
  const muted = new Set<Printer>();
  const failing = (printer: Printer) => (error: Error) => {
    if (isClosedPipe(error) || isProgram) {
      muted.add(printer);
      if (printer === stdout) gone.resolve();
      return;
    }
    complain(`the output is not complete: ${messageOf(error)}`);
    exit(EXIT.failed);
  };
  const [outFails, errFails] = [failing(stdout), failing(stderr)];
  // Other listeners of the process may end it with 0, so these are the first.
  stdout.stream.prependListener("error", outFails);
  stderr.stream.prependListener("error", errFails);
  return {
    out: (line) => (muted.has(stdout) ? undefined : print(stdout, line, outFails)),
    err: (line) => (muted.has(stderr) ? undefined : print(stderr, line, errFails)),
    readerGone: gone.promise,
    async flushed() {
      if (!muted.has(stdout)) await flush(stdout, outFails);
      if (!muted.has(stderr)) await flush(stderr, errFails);
    },
  };
}

/** The streams of this process. */
export function processOutput(isProgram: boolean): Output {
  return openOutput({
    stdout: { stream: process.stdout, writeAll: fileWriter(1) },
    stderr: { stream: process.stderr, writeAll: fileWriter(2) },
    complain(text) {
      try {
        writeFileSync(2, `${text}\n`);
      } catch {
        // Nobody reads the errors; the exit code tells.
      }
    },
    exit: (code) => process.exit(code),
    isProgram,
  });
}

function print({ stream, writeAll }: Printer, line: string, fail: (error: Error) => void): void {
  const text = `${line}\n`;
  if (writeAll === null) {
    stream.write(text);
    return;
  }
  try {
    writeAll(text);
  } catch (error) {
    fail(asError(error));
  }
}

/** A stream calls back in the order of the writes, so an empty one is the last. */
function flush({ stream, writeAll }: Printer, fail: (error: Error) => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (writeAll !== null) resolve();
  else
    stream.write("", (error) => {
      if (error) fail(stream.errored ?? error);
      resolve();
    });
  return promise;
}

function fileWriter(descriptor: number): Printer["writeAll"] {
  return fstatSync(descriptor).isFile() ? (text) => writeFileSync(descriptor, text) : null;
}

function isClosedPipe(error: Error): boolean {
  return "code" in error && error.code === "EPIPE";
}
