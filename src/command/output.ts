/** Prints so that all of it arrives, or the command says that it did not. */
import { fstatSync, writeFileSync } from "node:fs";
import type { Writable } from "node:stream";
import { messageOf } from "../node/error-message.ts";
import { EXIT } from "./hub-io.ts";

export interface OutputDeps {
  stdout: Printer;
  stderr: Printer;
  /** Writes at once, because the process ends right after it. */
  complain(text: string): void;
  exit(code: number): void;
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
  /** Resolves when the readers have taken everything. */
  flushed(): Promise<void>;
}

/**
 * A reader that has seen enough, as in `hub services | head -1`, ends the process quietly. With any other error the
 * output is not whole, so the process says so and fails.
 */
export function openOutput({ stdout, stderr, complain, exit }: OutputDeps): Output {
  const fail = (error: Error) => {
    if (isClosedPipe(error)) return exit(EXIT.done);
    complain(`the output is not complete: ${messageOf(error)}`);
    exit(EXIT.failed);
  };
  // Other listeners of the process may end it with 0, so this one is the first.
  for (const { stream } of [stdout, stderr]) stream.prependListener("error", fail);
  return {
    out: (line) => print(stdout, line, fail),
    err: (line) => print(stderr, line, fail),
    async flushed() {
      await Promise.all([flush(stdout, fail), flush(stderr, fail)]);
    },
  };
}

/** The streams of this process. */
export function processOutput(): Output {
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
    fail(error instanceof Error ? error : new Error(messageOf(error)));
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
