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
/** For what requests cost beyond their estimates. More would hold an urgent class behind others for a burst of them. */
const owedRoundsMax = 4;

interface Class<Item extends Prioritized> {
  readonly priority: Priority;
  readonly queue: ClassQueue<Item>;
  readonly counters: TenantCounters;
  /** Tokens that it may still spend in this round; below zero after a request that cost more than was left of them. */
  deficit: number;
  /** The round that it was last given tokens in. */
  round: number;
}

/**
 * Requests that wait for one model, in the order of service: deficit round robin in tokens over the classes, within a
 * class the tenant that was served least. In each round the most urgent class that has tokens left is served first, and
 * what its last request cost beyond them it owes to the rounds that follow.
 *
 * A class that had nothing and gets something takes part in the round that is under way, so that an urgent request does
 * not wait for the others to spend theirs; it is given tokens once in a round, so coming and going gains nothing. Rounds
 * pass for a class that waits alone too: whoever joins it finds tokens of its own. What a request really cost is settled
 * afterwards, in the account of its class and in that of its tenant.
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
      const given = quantumOf(joined);
      // What was left of an earlier round is gone. Of a debt a round's worth stays: more would hold an urgent request
      // behind others for what went long before it.
      const owed = Math.max(-given, Math.min(0, joined.deficit));
      joined.deficit = Math.min(given, owed + (this.round - joined.round) * given);
      joined.round = this.round;
    }
    joined.queue.add(item);
  }

  remove(item: Item): boolean {
    return this.classOf(item.priority).queue.remove(item);
  }

  /**
   * Takes the next request out.
   *
   * @param nowMs By the clock that `queuedAtMs` was read from.
   */
  take(nowMs: number): Item | undefined {
    return this.takeFrom(this.nextClass(nowMs), nowMs);
  }

  /**
   * Takes the next urgent request out, for room that is kept for such beyond the window; undefined too when its class has
   * spent what it has in this round. Else each place that becomes free, one after the other, would be theirs: while the
   * kept room is in use, none ever seems free to the others.
   */
  takeUrgent(nowMs: number): Item | undefined {
    const urgent = this.classOf('high');
    // Where nobody has tokens left there is nobody to wait for.
    this.passRounds(this.waiting(), nowMs);
    return hasTokens(urgent) || isPlanted('inference-reserve-unpaid') ? this.takeFrom(urgent, nowMs) : undefined;
  }

  /** What a request that was taken cost beyond what was expected; negative: it cost less. */
  settle({ priority, tenantId }: Pick<Item, 'priority' | 'tenantId'>, tokens: number): void {
    const of = this.classOf(priority);
    of.counters.charge(tenantId, tokens);
    // An empty class begins its next round anew: neither credit nor debt of requests of long ago.
    if (of.queue.size === 0) return;
    // Whoever guessed wrong many times at once owes some rounds for it, and not all of them.
    const owedMost = Math.min(of.deficit, -owedRoundsMax * quantumOf(of));
    of.deficit = Math.max(of.deficit - tokens, owedMost);
  }

  *[Symbol.iterator](): Generator<Item> {
    for (const { queue } of this.classes) yield* queue;
  }

  private nextClass(nowMs: number): Class<Item> | undefined {
    const waiting = this.waiting();
    if (isPlanted('inference-priority-ignored')) {
      return waiting.sort((a, b) => (a.queue.oldestMs() ?? 0) - (b.queue.oldestMs() ?? 0))[0];
    }
    this.passRounds(waiting, nowMs);
    return waiting.find(hasTokens);
  }

  /** As many rounds at once as it takes until somebody has tokens, so that a dear request costs no loop. */
  private passRounds(waiting: readonly Class<Item>[], nowMs: number): void {
    if (waiting.length === 0 || waiting.some(hasTokens)) return;
    const quanta = waiting.map((each) => quantumTokens * this.weightOf(each, nowMs));
    const rounds = Math.min(
      ...waiting.map(({ deficit }, index) => Math.floor(-deficit / (quanta[index] ?? quantumTokens)) + 1),
    );
    this.round += rounds;
    waiting.forEach((each, index) => {
      each.deficit += rounds * (quanta[index] ?? 0);
      each.round = this.round;
    });
  }

  private weightOf({ priority, queue }: Class<Item>, nowMs: number): number {
    const waitedMs = nowMs - (queue.oldestMs() ?? nowMs);
    const ages = isPlanted('inference-no-ageing') ? Infinity : this.options.agesAfterMs[priority];
    const lifts = Math.floor(waitedMs / ages);
    const place = Math.max(0, priorities.indexOf(priority) - lifts);
    return priorityWeights[priorities[place] ?? priority];
  }

  private takeFrom(next: Class<Item> | undefined, nowMs: number): Item | undefined {
    const item = next?.queue.head();
    if (!next || !item) return undefined;
    next.deficit -= item.tokens;
    next.counters.charge(item.tenantId, item.tokens);
    next.queue.remove(item);
    // At once, and not when the next is taken: who joins later has no claim on what was spent while nobody else waited.
    this.passRounds(this.waiting(), nowMs);
    return item;
  }

  private waiting(): Class<Item>[] {
    return this.classes.filter(({ queue }) => queue.size > 0);
  }

  private classOf(priority: Priority): Class<Item> {
    const found = this.classes.find((each) => each.priority === priority);
    if (!found) throw new TypeError(`There is no class ${priority}`);
    return found;
  }
}

function hasTokens({ deficit }: { readonly deficit: number }): boolean {
  return deficit > 0;
}

/** What a class is given in a round while none of its requests has waited for long. */
function quantumOf({ priority }: { readonly priority: Priority }): number {
  return quantumTokens * priorityWeights[priority];
}
