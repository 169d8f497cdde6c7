interface Waiting<Item, Result> {
  readonly item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Turns calls that come while one is on its way into the next one, so that a thousand callers a second cost the
 * database a hundred statements. Items of one call are answered in order. Callers are bounded by whoever lets them in.
 *
 * With `everyMs` a call begins so long after the one before it, unless its group is full or somebody is in a hurry: who
 * comes alone does not wait, and of many who come close together several share a call, however quickly it is answered.
 *
 * With `gathersTurn` a call begins at the end of the turn of the event loop: who comes in the same turn shares it. Else the
 * first of them goes alone.
 *
 * With `answersPerTurn` no more callers than that go on in one turn of the event loop: what a group of hundreds does with
 * its answers would else keep everybody else waiting.
 */
export class GroupedCalls<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];
  private running = 0;
  private begunAtMs = Number.NEGATIVE_INFINITY;
  private isUrgent = false;
  private timer: NodeJS.Timeout | undefined;
  private turn: NodeJS.Immediate | undefined;

  constructor(
    private readonly run: (items: readonly Item[]) => Promise<readonly Result[]>,
    private readonly limits: {
      readonly itemsMax: number;
      readonly callsMax: number;
      readonly everyMs?: number;
      readonly gathersTurn?: boolean;
      readonly answersPerTurn?: number;
    },
  ) {}

  /** @param isUrgent Goes with the next call, and that as soon as one may be made. */
  call(item: Item, isUrgent = false): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      this.isUrgent ||= isUrgent;
      if (this.limits.gathersTurn === true) this.nextAfterTurn();
      else this.next();
    });
  }

  private nextAfterTurn(): void {
    this.turn ??= setImmediate(() => {
      this.turn = undefined;
      this.next();
    });
  }

  private next(): void {
    if (this.running >= this.limits.callsMax || this.waiting.length === 0) return;
    if (this.mustWait()) return;
    const group = this.waiting.splice(0, this.limits.itemsMax);
    this.isUrgent = false;
    this.running += 1;
    void this.settle(group).finally(() => {
      this.running -= 1;
      this.next();
    });
  }

  private mustWait(): boolean {
    const { everyMs = 0, itemsMax } = this.limits;
    if (everyMs === 0) return false;
    const nowMs = performance.now();
    const leftMs = this.begunAtMs + everyMs - nowMs;
    if (leftMs > 0 && !this.isUrgent && this.waiting.length < itemsMax) {
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        this.next();
      }, leftMs);
      return true;
    }
    clearTimeout(this.timer);
    this.timer = undefined;
    this.begunAtMs = nowMs;
    return false;
  }

  private async settle(group: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      this.answer(group, await this.run(group.map(({ item }) => item)), 0);
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  private answer(group: readonly Waiting<Item, Result>[], results: readonly Result[], from: number): void {
    const to = Math.min(group.length, from + (this.limits.answersPerTurn ?? group.length));
    group.slice(from, to).forEach(({ resolve, reject }, index) => {
      if (from + index < results.length) resolve(results[from + index] as Result);
      else reject(new TypeError('A grouped call left an item out'));
    });
    if (to < group.length) setImmediate(() => this.answer(group, results, to));
  }
}
