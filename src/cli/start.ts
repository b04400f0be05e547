/** `npm start`; see run-start.ts. */
import { startProgram } from "./start/start-program.ts";

await startProgram();
