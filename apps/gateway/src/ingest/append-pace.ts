/** One append on its way to the brokers. */
export interface Ticket {
  readonly sinceMs: number;
}

/**
 * How long the brokers take at this moment: the age of the oldest append that they have not answered. It needs no
 * average and forgets nothing late: when the oldest is answered, the next one is the measure.
 */
export class AppendPace {
  private readonly tickets = new Set<Ticket>();

  begin(): Ticket {
    const ticket = { sinceMs: performance.now() };
    this.tickets.add(ticket);
    return ticket;
  }

  end(ticket: Ticket): void {
    this.tickets.delete(ticket);
  }

  /** Milliseconds; 0 when nothing is on its way. */
  get oldestMs(): number {
    const [oldest] = this.tickets;
    return oldest === undefined ? 0 : performance.now() - oldest.sinceMs;
  }
}
