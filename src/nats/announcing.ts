/**
 * Makes the events that the hub has not announced yet, and notes them in the ledger. The caller stores the events and the
 * ledger in one transaction. `now`: Unix ms.
 */
import type { BoardEntry } from "../core/board-entry.ts";
import type { Check } from "../core/check.ts";
import type { RecordedFlip } from "../core/records.ts";
import type { Announcements } from "./announcements.ts";
import { type DurableEvent, flipEvent, registryEvent, type ServiceCard, serviceCard } from "./messages.ts";

type Kind = "registered" | "deregistered";

export class Announcing {
  readonly #ledger: Announcements;
  readonly #hubId: string;

  constructor(ledger: Announcements, hubId: string) {
    this.#ledger = ledger;
    this.#hubId = hubId;
  }

  /** Each flip makes one event, however often it is told. */
  flips(flips: readonly RecordedFlip[], now: number): DurableEvent[] {
    const events: DurableEvent[] = [];
    for (const flip of flips.toSorted((a, b) => a.seq - b.seq)) {
      if (!this.#ledger.enter(flip.epoch) || flip.seq <= this.#ledger.announcedSeq(flip.service_id)) continue;
      this.#ledger.setAnnouncedSeq(flip.service_id, flip.seq, now);
      events.push(flipEvent(this.#hubId, flip));
    }
    return events;
  }

  /** A registered service is not announced as registered again, and likewise for deregistered ones. */
  services(kind: Kind, checks: readonly Check[], now: number): DurableEvent[] {
    return checks.flatMap((check) => {
      if (!this.#ledger.enter(check.epoch)) return [];
      const known = this.#ledger.registered(check.service_id);
      const card = serviceCard(check);
      if (kind === "deregistered") return known === null ? [] : [this.#event(kind, card, now)];
      if (known === null) return [this.#event(kind, card, now)];
      return isSameName(known, card) ? [] : this.#renamed(known, card, now);
    });
  }

  /**
   * What was registered or deregistered without an announcement: because of a crash, or before NATS was set up. A
   * service that has just been deregistered may still be on the board.
   */
  missed(entries: readonly BoardEntry[], now: number): DurableEvent[] {
    const gone = this.#ledger.allRegistered();
    for (const { check } of entries) gone.delete(check.service_id);
    const checks = entries.flatMap(({ check }) => (this.#ledger.hasLeft(check.service_id, check.rev) ? [] : [check]));
    const registered = this.services("registered", checks, now);
    return [...registered, ...[...gone.values()].map((card) => this.#event("deregistered", card, now))];
  }

  /** Subjects have the name. Also, in another life of the database the id may belong to another service. */
  #renamed(known: ServiceCard, card: ServiceCard, now: number): DurableEvent[] {
    const { rev, epoch } = card;
    return [this.#event("deregistered", { ...known, rev, epoch }, now), this.#event("registered", card, now)];
  }

  #event(kind: Kind, card: ServiceCard, now: number): DurableEvent {
    this.#ledger.setRegistered(card, kind === "registered", now);
    return registryEvent(kind, this.#hubId, card, now);
  }
}

function isSameName(a: ServiceCard, b: ServiceCard): boolean {
  return a.name === b.name && a.project === b.project;
}
