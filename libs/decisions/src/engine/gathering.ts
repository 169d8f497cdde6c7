export interface GatheringBounds {
  /** What one call takes in all; an ask that weighs more goes alone. */
  readonly weightMax: number;
  /** How long an ask waits for a call that is under way before another one is begun. Default 25 ms. */
  readonly waitMsMax?: number;
  /** Calls at a time. Default 3. */
  readonly callsMax?: number;
}

interface Waiting<Ask, Answer> {
  readonly ask: Ask;
  readonly weight: number;
  readonly sinceMs: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes one call of what several partitions ask at about the same time: what a statement costs hardly depends on how
 * little is in it.
 *
 * - Nothing is under way: what has come goes at once, with whatever else the same turn of the event loop brings.
 * - A call is under way: what comes gathers, and goes when it ends. So calls grow with the load, and nobody waits for a
 *   clock.
 * - It takes longer than `waitMsMax`, or `weightMax` has gathered: another is begun beside it, up to `callsMax`, so that a
 *   row that one partition waits for does not hold up all others.
 */
export class Gathering<Ask, Answer> {
  private readonly waiting: Waiting<Ask, Answer>[] = [];
  private readonly waitMsMax: number;
  private readonly callsMax: number;
  private calls = 0;
  private turn: NodeJS.Immediate | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** @param call Answers each ask in its place. Where it throws, each of them fails by that. */
  constructor(
    private readonly call: (asks: readonly Ask[]) => Promise<readonly PromiseSettledResult<Answer>[]>,
    private readonly bounds: GatheringBounds,
  ) {
    this.waitMsMax = bounds.waitMsMax ?? 25;
    this.callsMax = bounds.callsMax ?? 3;
  }

  ask(ask: Ask, weight: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ ask, weight, sinceMs: performance.now(), resolve, reject });
      this.look();
    });
  }

  private look(): void {
    const [oldest] = this.waiting;
    if (!oldest || this.calls >= this.callsMax) return;
    if (this.calls === 0) {
      this.turn ??= setImmediate(() => {
        this.turn = undefined;
        this.begin();
      });
      return;
    }
    const leftMs = oldest.sinceMs + this.waitMsMax - performance.now();
    if (leftMs <= 0 || this.weight >= this.bounds.weightMax) return this.begin();
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.look();
    }, leftMs);
  }

  private get weight(): number {
    return this.waiting.reduce((sum, { weight }) => sum + weight, 0);
  }

  private begin(): void {
    const members = this.take();
    if (members.length === 0) return;
    this.calls++;
    void this.run(members).finally(() => {
      this.calls--;
      this.look();
    });
    this.look();
  }

  private take(): readonly Waiting<Ask, Answer>[] {
    let weight = 0;
    const end = this.waiting.findIndex((next, index) => {
      weight += next.weight;
      return index > 0 && weight > this.bounds.weightMax;
    });
    return this.waiting.splice(0, end < 0 ? this.waiting.length : end);
  }

  private async run(members: readonly Waiting<Ask, Answer>[]): Promise<void> {
    try {
      const answers = await this.call(members.map(({ ask }) => ask));
      for (const [index, member] of members.entries()) settle(member, answers[index]);
    } catch (error) {
      for (const { reject } of members) reject(error);
    }
  }
}

function settle<Answer>(
  { resolve, reject }: Pick<Waiting<never, Answer>, 'resolve' | 'reject'>,
  answer: PromiseSettledResult<Answer> | undefined,
): void {
  if (answer?.status === 'fulfilled') resolve(answer.value);
  else reject(answer ? answer.reason : new TypeError('A call answers each ask'));
}
