/** What waits for a transaction: at most one batch of each partition, since a partition brings the next one after it. */
interface Waiting<Member> {
  readonly member: Member;
  readonly records: number;
  readonly sinceMs: number;
  readonly alone: () => Promise<void>;
  readonly resolve: (done: Promise<void> | undefined) => void;
}

export interface SharedTransactionBounds {
  /** Records of one transaction; a member that has more goes with nobody. Default 500. */
  readonly recordsMax: number;
  /** Default 100. */
  readonly membersMax: number;
  /** How long a member waits for a transaction that is under way before another one is begun. Default 25 ms. */
  readonly waitMsMax: number;
  /** Transactions at a time. Default 3. */
  readonly openMax: number;
}

export const sharedTransactionBounds: SharedTransactionBounds = {
  recordsMax: 500,
  membersMax: 100,
  waitMsMax: 25,
  openMax: 3,
};

/**
 * Lets small batches of many partitions share a transaction: what a transaction costs does not depend on how few events
 * are in it, and twelve partitions that bring two events each would pay for it twelve times.
 *
 * - Nothing is under way: what has come goes at once, together with whatever else the same turn of the event loop brings.
 * - A transaction is under way: what comes meanwhile gathers, and goes when it ends. The slower the database, the larger
 *   the groups; nobody waits for a clock.
 * - It takes longer than `waitMsMax`, or `recordsMax` have gathered: another one is begun beside it, up to `openMax`, so
 *   that a lock that one partition waits for does not hold up the others.
 *
 * A group that fails was rolled back, and each member is then done by itself, where faults are told apart.
 */
export class SharedTransactions<Member> {
  private readonly waiting: Waiting<Member>[] = [];
  private open = 0;
  private turn: NodeJS.Immediate | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** @param commit Writes all of them in one transaction, or throws and has written none. */
  constructor(
    private readonly commit: (members: readonly Member[]) => Promise<void>,
    private readonly bounds: SharedTransactionBounds = sharedTransactionBounds,
  ) {}

  /**
   * @param alone Does the same in transactions of its own.
   * @throws What `alone` throws, and nothing else.
   */
  submit(member: Member, records: number, alone: () => Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ member, records, sinceMs: performance.now(), alone, resolve: (done) => resolve(done) });
      this.look();
    });
  }

  private look(): void {
    const [oldest] = this.waiting;
    if (!oldest || this.open >= this.bounds.openMax) return;
    if (this.open === 0) {
      this.turn ??= setImmediate(() => {
        this.turn = undefined;
        this.begin();
      });
      return;
    }
    const leftMs = oldest.sinceMs + this.bounds.waitMsMax - performance.now();
    if (leftMs <= 0 || this.records() >= this.bounds.recordsMax) return this.begin();
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.look();
    }, leftMs);
  }

  private records(): number {
    return this.waiting.reduce((sum, { records }) => sum + records, 0);
  }

  private begin(): void {
    const members = this.take();
    if (members.length === 0) return;
    this.open++;
    void this.run(members).finally(() => {
      this.open--;
      this.look();
    });
    this.look();
  }

  private take(): readonly Waiting<Member>[] {
    let records = 0;
    const end = this.waiting.findIndex((next, index) => {
      records += next.records;
      return index > 0 && (records > this.bounds.recordsMax || index >= this.bounds.membersMax);
    });
    return this.waiting.splice(0, end < 0 ? this.waiting.length : end);
  }

  private async run(members: readonly Waiting<Member>[]): Promise<void> {
    const [first] = members;
    if (first && members.length === 1) {
      const done = first.alone();
      first.resolve(done);
      return done.catch(() => undefined);
    }
    try {
      await this.commit(members.map(({ member }) => member));
    } catch {
      // Whatever it was, each of them finds out for itself and says so.
      for (const { alone, resolve } of members) resolve(alone());
      return;
    }
    for (const { resolve } of members) resolve(undefined);
  }
}
