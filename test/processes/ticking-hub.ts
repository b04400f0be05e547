/** A hub as `npm start` runs it, that can be told when to tick, and to lose ticks. */
import { startProgram } from "../../src/cli/start/start-program.ts";
import { obeyTicks } from "./obey-ticks.ts";

await startProgram({ ready: obeyTicks });
