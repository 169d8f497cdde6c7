interface Waiting<Item, Result> {
  readonly item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Turns calls that come while one is on its way into the next one, so that a thousand callers a second cost the
 * database a hundred statements. Items of one call are answered in order. Callers are bounded by whoever lets them in.
 */
export class GroupedCalls<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];
  private running = 0;

  constructor(
    private readonly run: (items: readonly Item[]) => Promise<readonly Result[]>,
    private readonly limits: { readonly itemsMax: number; readonly callsMax: number },
  ) {}

  call(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      this.next();
    });
  }

  private next(): void {
    if (this.running >= this.limits.callsMax || this.waiting.length === 0) return;
    const group = this.waiting.splice(0, this.limits.itemsMax);
    this.running += 1;
    void this.settle(group).finally(() => {
      this.running -= 1;
      this.next();
    });
  }

  private async settle(group: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.run(group.map(({ item }) => item));
      group.forEach(({ resolve, reject }, index) => {
        if (index < results.length) resolve(results[index] as Result);
        else reject(new TypeError('A grouped call left an item out'));
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}
