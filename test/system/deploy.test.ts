import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runDeploy } from "../../src/cli/run-deploy.ts";
import { wranglerIn } from "../../src/cli/wrangler-command.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

test("a dry run bundles the Worker with the real wrangler, without an account", async () => {
  const lines: string[] = [];
  const runs: { args: readonly string[]; output: string }[] = [];
  const wrangler = wranglerIn(ROOT);
  const code = await runDeploy(["--dry-run"], {
    root: ROOT,
    out: (line) => lines.push(line),
    err: (line) => lines.push(line),
    async wrangler(args) {
      const result = await wrangler(args, { capture: true });
      runs.push({ args, output: result.output });
      return result;
    },
  });
  expect(lines.at(-1)).toBe("  deploy the Worker");
  expect(runs.map(({ output }) => output).join("\n")).toContain("--dry-run: exiting now.");
  expect(code).toBe(0);
});

test("wrangler's own output goes to the terminal unless it is asked for", async () => {
  const wrangler = wranglerIn(ROOT);
  expect(await wrangler(["--version"])).toEqual({ code: 0, output: "" });
  expect(await wrangler(["--version"], { capture: true })).toEqual({ code: 0, output: expect.stringMatching(/^4\./) });
  expect(await wrangler(["no-such-command"], { capture: true })).toMatchObject({ code: 1 });
});
