/** Runs the wrangler command line of this checkout. */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

export interface WranglerRun {
  code: number;
  /** The text of stdout and stderr. Empty unless it is captured. */
  output: string;
}

/** `capture`: the output is returned and not shown. */
export type Wrangler = (args: readonly string[], how?: { capture: boolean }) => Promise<WranglerRun>;

export function wranglerIn(root: string): Wrangler {
  const program = join(dirname(createRequire(import.meta.url).resolve("wrangler/package.json")), "bin/wrangler.js");
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false" };
  return (args, { capture } = { capture: false }) => {
    const { promise, resolve, reject } = Promise.withResolvers<WranglerRun>();
    const shown = capture ? "pipe" : "inherit";
    const child = spawn(process.execPath, [program, ...args], { cwd: root, env, stdio: ["inherit", shown, shown] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
    return promise;
  };
}
