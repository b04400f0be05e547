/** Turns the frames of a hub into lines for a person. */
import type { Frame, ServiceLite } from "../core/board/live-protocol.ts";
import { countStatuses } from "../core/board/summary.ts";
import type { Health, Status } from "../core/service/records.ts";
import { type Colour, type Paint, paintStatus, printable } from "./text.ts";

const HEALTH_COLOURS: Record<Health, Colour> = {
  healthy: "green",
  degraded: "yellow",
  unhealthy: "red",
  unknown: "grey",
};

interface Summarised {
  overall: Health;
  services: readonly { project: string; name: string; status: Status }[];
}

/** The hub in one line, then one line for each service that is not up. */
export function summaryLines({ overall, services }: Summarised, paint: Paint): string[] {
  const counts = countStatuses(services.map(({ status }) => status));
  const parts = (["up", "degraded", "down", "unknown"] as const).map((status) => {
    const text = `${counts[status]} ${status}`;
    return counts[status] === 0 ? text : paintStatus(paint, status, text);
  });
  const notUp = services.filter(({ status }) => status === "down" || status === "degraded");
  return [
    `${paint(overall, HEALTH_COLOURS[overall])}: ${parts.join(", ")}`,
    ...notUp.map(({ project, name, status }) => `  ${paintStatus(paint, status)}  ${project}/${name}`),
  ];
}

/** Knows the statuses, so that a snapshot after a long break shows only what changed meanwhile. */
export class WatchLines {
  readonly #paint: Paint;
  readonly #now: () => number;
  #known: Map<number, ServiceLite> | null = null;

  /** `now`: Unix ms. */
  constructor(paint: Paint, now: () => number) {
    this.#paint = paint;
    this.#now = now;
  }

  linesOf(frame: Frame): string[] {
    switch (frame.type) {
      case "snapshot":
        return this.#snapshot(frame.services);
      case "flip":
        this.#setStatus(frame.service_id, frame.to);
        return [this.#flip(frame)];
      case "registered":
        this.#known?.set(frame.service.id, frame.service);
        return [this.#line(`+ ${nameOf(frame.service)} registered`)];
      case "deregistered":
        this.#known?.delete(frame.service.id);
        return [this.#line(`- ${nameOf(frame.service)} deregistered`)];
      case "project":
        return [this.#line(`${frame.project.name} ${frame.project.status === "running" ? "started" : "stopped"}`)];
      case "health":
        for (const { id, status } of frame.services) this.#setStatus(id, status);
        return [];
      case "error":
        return [this.#line(frame.detail)];
    }
  }

  /** A line with the time of the local clock. */
  note(text: string): string {
    return this.#line(text);
  }

  #snapshot(services: readonly ServiceLite[]): string[] {
    const before = this.#known;
    this.#known = new Map(services.map((service) => [service.id, service]));
    if (before === null) return [];
    const lines = services.flatMap((service) => {
      const { status, since: at } = service;
      const known = before.get(service.id);
      if (known === undefined) return [this.#line(`+ ${nameOf(service)} registered`)];
      return known.status === status
        ? []
        : [this.#flip({ ...service, from: known.status, to: status, at, reason: "" })];
    });
    const gone = [...before.values()].filter(({ id }) => !this.#known?.has(id));
    return [...lines, ...gone.map((service) => this.#line(`- ${nameOf(service)} deregistered`))];
  }

  #setStatus(id: number, status: Status): void {
    const service = this.#known?.get(id);
    if (service !== undefined) this.#known?.set(id, { ...service, status });
  }

  #flip(flip: { project: string; name: string; from: Status; to: Status; at: string; reason: string }): string {
    const change = `${paintStatus(this.#paint, flip.from)} -> ${paintStatus(this.#paint, flip.to)}`;
    const reason = flip.reason === "" ? "" : `  ${printable(flip.reason).replaceAll("\n", " ")}`;
    return this.#line(`${nameOf(flip)}  ${change}${reason}`, Date.parse(flip.at));
  }

  #line(text: string, at = this.#now()): string {
    return `${this.#paint(clock(at), "grey")}  ${text}`;
  }
}

function nameOf({ project, name }: { project: string; name: string }): string {
  return `${project}/${name}`;
}

/** The local time of day, HH:MM:SS. */
function clock(at: number): string {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}
