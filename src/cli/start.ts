/** `npm start`; see run-start.ts. */
import { startProgram } from "./start-program.ts";

await startProgram();
