/**
 * A hub as `npm start` runs it, whose scheduled handler also runs for each time (Unix ms) that a line of its input
 * names. Says `ticked TIME` after each.
 */
import { createInterface } from "node:readline";
import { startProgram } from "../../src/cli/start-program.ts";

await startProgram((hub) => {
  createInterface({ input: process.stdin }).on("line", async (line) => {
    await hub.tick(Number(line));
    console.log(`ticked ${line}`);
  });
});
