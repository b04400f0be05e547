/** One-time tickets that let a browser open a WebSocket without showing its key in a URL. */
const VALID_MS = 30_000;
const MAX_TICKETS = 10_000;

export class TicketBox {
  readonly #tickets = new Map<string, { scope: string; until: number }>();

  issue(scope: string, now: number): string {
    for (const [ticket, { until }] of this.#tickets) {
      if (until > now && this.#tickets.size < MAX_TICKETS) break;
      this.#tickets.delete(ticket);
    }
    const ticket = crypto.randomUUID();
    this.#tickets.set(ticket, { scope, until: now + VALID_MS });
    return ticket;
  }

  redeem(ticket: string, now: number): string | null {
    const known = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    return known !== undefined && known.until > now ? known.scope : null;
  }
}
