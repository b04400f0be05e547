/** Loaded before a program: its `Date` is ahead by the milliseconds that the file CLOCK_OFFSET_FILE holds. */
import { readFileSync } from "node:fs";

const LOOK_MS = 100;

const file = process.env.CLOCK_OFFSET_FILE ?? "";
const realNow = Date.now;
let offset = Number(readFileSync(file, "utf8"));
setInterval(() => {
  offset = Number(readFileSync(file, "utf8"));
}, LOOK_MS).unref();

Date.now = () => realNow() + offset;
globalThis.Date = new Proxy(Date, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [Date.now()] : args, newTarget),
});
