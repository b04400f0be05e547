/**
 * The dashboard in a real Chromium. All chapters are one test file: so they share a hub and a browser, and follow one
 * another. No test here says how soon something happens, as others keep the machine busy; see ../stopwatch/ for that.
 */
import { describe } from "vitest";
import { setStage } from "./stage.ts";

setStage();

describe("journey", async () => void (await import("./journey.ts")));
describe("at a glance", async () => void (await import("./at-a-glance.ts")));
describe("night", async () => void (await import("./night.ts")));
describe("pages", async () => void (await import("./pages.ts")));
describe("the API's documentation", async () => void (await import("./api-docs.ts")));
describe("federation", async () => void (await import("./federation.ts")));
