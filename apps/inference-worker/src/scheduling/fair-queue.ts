import { isPlanted } from '@chorda/platform';
import { ClassQueue, type Queued } from './class-queue.js';
import { priorities, priorityWeights, type Priority } from './priority.js';
import { TenantCounters } from './tenant-counters.js';

export interface Prioritized extends Queued {
  readonly priority: Priority;
}

export interface FairQueueOptions {
  /** A class of which a request waits longer counts as the next more urgent one, for each such time once more. */
  readonly agesAfterMs: Readonly<Record<Priority, number>>;
}

/** Tokens that a class of weight 1 is given in a round. About an ordinary request: more would serve in bursts. */
const quantumTokens = 512;

interface Class<Item extends Prioritized> {
  readonly priority: Priority;
  readonly queue: ClassQueue<Item>;
  readonly counters: TenantCounters;
  /** Tokens that it may still spend in this round; below zero after requests that cost more than was expected. */
  deficit: number;
  /** The round that it was last given tokens in. */
  round: number;
}

/**
 * Requests that wait for one model, in the order of service: deficit round robin in tokens over the classes, within a
 * class the tenant that was served least. In each round the most urgent class that can pay is served first.
 *
 * A class that had nothing and gets something takes part in the round that is under way, so that an urgent request does
 * not wait for the others to spend theirs; it is given tokens once in a round, so coming and going gains nothing. What a
 * request really cost is settled afterwards, in the account of its class and in that of its tenant.
 */
export class FairQueue<Item extends Prioritized> {
  private readonly classes: readonly Class<Item>[];
  private round = 1;

  constructor(private readonly options: FairQueueOptions) {
    this.classes = priorities.map((priority) => {
      const counters = new TenantCounters();
      return { priority, counters, queue: new ClassQueue<Item>(counters), deficit: 0, round: 0 };
    });
  }

  get size(): number {
    return this.classes.reduce((sum, { queue }) => sum + queue.size, 0);
  }

  sizeOf(priority: Priority): number {
    return this.classOf(priority).queue.size;
  }

  add(item: Item): void {
    const joined = this.classOf(item.priority);
    if (joined.queue.size === 0 && joined.round !== this.round) {
      // What was left of an earlier round is gone; a debt stays.
      joined.deficit = Math.min(0, joined.deficit) + quantumTokens * priorityWeights[joined.priority];
      joined.round = this.round;
    }
    joined.queue.add(item);
  }

  remove(item: Item): boolean {
    return this.classOf(item.priority).queue.remove(item);
  }

  /**
   * Takes the next request out. With `only`, the next of that class, at its expense: for room that is kept for it.
   *
   * @param nowMs By the clock that `queuedAtMs` was read from.
   */
  take(nowMs: number, only?: Priority): Item | undefined {
    const next = only === undefined ? this.nextClass(nowMs) : this.classOf(only);
    const item = next?.queue.head();
    if (!next || !item) return undefined;
    this.spend(next, item.tokens);
    next.counters.charge(item.tenantId, item.tokens);
    next.queue.remove(item);
    return item;
  }

  /** What a request that was taken cost beyond what was expected; negative: it cost less. */
  settle({ priority, tenantId }: Pick<Item, 'priority' | 'tenantId'>, tokens: number): void {
    const of = this.classOf(priority);
    of.counters.charge(tenantId, tokens);
    // An empty class begins its next round anew: neither credit nor debt of requests of long ago.
    if (of.queue.size > 0) this.spend(of, tokens);
  }

  *[Symbol.iterator](): Generator<Item> {
    for (const { queue } of this.classes) yield* queue;
  }

  private nextClass(nowMs: number): Class<Item> | undefined {
    const waiting = this.classes.filter(({ queue }) => queue.size > 0);
    if (isPlanted('inference-priority-ignored')) {
      return waiting.sort((a, b) => (a.queue.oldestMs() ?? 0) - (b.queue.oldestMs() ?? 0))[0];
    }
    if (waiting.length <= 1) return waiting[0];
    const canPay = (each: Class<Item>) => each.deficit >= (each.queue.head()?.tokens ?? 0);
    return waiting.find(canPay) ?? this.afterNextRound(waiting, nowMs).find(canPay);
  }

  /** As many rounds at once as it takes until somebody can pay, so that a dear request costs no loop. */
  private afterNextRound(waiting: readonly Class<Item>[], nowMs: number): readonly Class<Item>[] {
    const quanta = waiting.map((each) => quantumTokens * this.weightOf(each, nowMs));
    const needed = waiting.map((each, index) =>
      Math.ceil(((each.queue.head()?.tokens ?? 0) - each.deficit) / (quanta[index] ?? quantumTokens)),
    );
    const rounds = Math.max(1, Math.min(...needed));
    this.round += 1;
    waiting.forEach((each, index) => {
      each.deficit += rounds * (quanta[index] ?? 0);
      each.round = this.round;
    });
    return waiting;
  }

  private weightOf({ priority, queue }: Class<Item>, nowMs: number): number {
    const waitedMs = nowMs - (queue.oldestMs() ?? nowMs);
    const ages = isPlanted('inference-no-ageing') ? Infinity : this.options.agesAfterMs[priority];
    const lifts = Math.floor(waitedMs / ages);
    const place = Math.max(0, priorities.indexOf(priority) - lifts);
    return priorityWeights[priorities[place] ?? priority];
  }

  /** A debt is bounded by what a round gives: whoever was served out of turn pays for it, and soon. */
  private spend(of: Class<Item>, tokens: number): void {
    of.deficit = Math.max(of.deficit - tokens, -quantumTokens * priorityWeights[of.priority]);
  }

  private classOf(priority: Priority): Class<Item> {
    const found = this.classes.find((each) => each.priority === priority);
    if (!found) throw new TypeError(`There is no class ${priority}`);
    return found;
  }
}
