import { DurableObject } from "cloudflare:workers";
import type { Bindings } from "../bindings.ts";

export class NatsBridge extends DurableObject<Bindings> {}
