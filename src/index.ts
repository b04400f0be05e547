import { DurableObject } from "cloudflare:workers";

export class ServiceMonitor extends DurableObject {}
export class LiveBoard extends DurableObject {}
export class Prober extends DurableObject {}
export class NatsBridge extends DurableObject {}

export default {
  async fetch(): Promise<Response> {
    return new Response("hub");
  },
};
