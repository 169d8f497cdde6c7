/**
 * Lets so much work of many requests go on in one turn of the event loop, urgent requests first. Where hundreds of answers
 * end in one moment, somebody in a hurry waits for a turn, and not for what is done with all of them. Bounded by the
 * requests in hand.
 */
export class Turns {
  private readonly urgent: (() => void)[] = [];
  private readonly others: (() => void)[] = [];
  private isPlanned = false;

  constructor(private readonly perTurn: number) {}

  /** Until it is the caller's turn. */
  next(isUrgent: boolean): Promise<void> {
    return new Promise((resolve) => {
      (isUrgent ? this.urgent : this.others).push(resolve);
      this.plan();
    });
  }

  private plan(): void {
    if (this.isPlanned) return;
    this.isPlanned = true;
    setImmediate(() => this.turn());
  }

  private turn(): void {
    this.isPlanned = false;
    const urgent = this.urgent.splice(0, this.perTurn);
    const others = this.others.splice(0, this.perTurn - urgent.length);
    for (const go of [...urgent, ...others]) go();
    if (this.urgent.length + this.others.length > 0) this.plan();
  }
}
