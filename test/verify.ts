/** `npm run verify`: lint, types and unit tests beside each other. What each says is printed when it ends. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

const STEPS = {
  lint: ["npm", "run", "--silent", "lint"],
  types: ["npm", "run", "--silent", "types"],
  unit: ["vitest", "run", "--config", "test/vitest.config.ts", "--project", "unit"],
};

async function run(name: string, [program = "", ...args]: readonly string[]): Promise<boolean> {
  const began = performance.now();
  const step = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve, reject) => step.on("error", reject).on("close", resolve));
  const [out, err, code] = await Promise.all([text(step.stdout), text(step.stderr), ended]);
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  console.log(`${out}${err}${name}: ${code === 0 ? "passed" : "FAILED"} after ${seconds} s\n`);
  return code === 0;
}

const passed = await Promise.all(Object.entries(STEPS).map(([name, command]) => run(name, command)));
process.exit(passed.every(Boolean) ? 0 : 1);
