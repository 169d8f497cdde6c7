import type { TailMetrics } from './tail.metrics.js';
import type { FilterBudget } from './filter-budget.js';
import { SubscriptionIndex, type SubscriptionGroup } from './subscription-index.js';
import type { PlacedEvent, TailEncoding } from './tail-encoding.js';
import { isFor, type TailEvent, type TailFilter } from './tail-event.js';
import type { TailRing } from './tail-ring.js';

/** Who gets what is new the moment it is read. */
export interface LiveSubscriber {
  readonly tenantId: string;
  readonly filter: TailFilter;
  readonly encoding: TailEncoding;
  /** Whether it had this event already, from the journal; undefined where it had none from there. */
  readonly hadBefore: ((event: TailEvent) => boolean) | undefined;
  /** Gives the bytes of `events` events to the client. May detach it. */
  deliver(bytes: Buffer, events: number): void;
  /** It is no longer live, for a reason that the client is told. */
  end(reason: FilterEnd): void;
}

/** Why the hub ends a subscription: one evaluation, or all of its tenant in a second, cost more than they may. */
export type FilterEnd = 'filter_cost' | 'filter_budget';

type Group = SubscriptionGroup<LiveSubscriber>;

/**
 * Takes each event from the feed, keeps it in the ring, and gives it to every client that is level with the ring.
 *
 * A client that is not (it resumes, or does not take its bytes) reads journal and ring by itself and comes here when it
 * is level again: {@link attach} happens between two records, so nothing lies between the last event that it took itself
 * and the first that it gets from here.
 */
export class TailHub {
  private readonly index = new SubscriptionIndex<LiveSubscriber>();
  private readonly groups = new Map<LiveSubscriber, Group>();
  private readonly pending = new Map<Group, PlacedEvent[]>();
  private readonly closing = new Set<() => void>();
  private readonly waiting = new Set<() => void>();

  constructor(
    readonly ring: TailRing,
    readonly budget: FilterBudget,
    private readonly metrics: TailMetrics,
  ) {}

  attach(subscriber: LiveSubscriber): void {
    this.groups.set(subscriber, this.index.add(subscriber.tenantId, subscriber.filter, subscriber));
  }

  detach(subscriber: LiveSubscriber): void {
    const group = this.groups.get(subscriber);
    if (group === undefined) return;
    this.groups.delete(subscriber);
    this.index.remove(group, subscriber);
  }

  /**
   * Takes what a partition brought, and gives the clients what is for them, in one piece each. All in one go: a client
   * that is asked where it stands is never between an event and its delivery.
   */
  publish(events: readonly TailEvent[], partition: { topic: string; partition: number; nextOffset: bigint }): void {
    for (const event of events) {
      if (this.ring.append(event)) this.route(event);
      else this.metrics.tailRepeats.inc();
    }
    this.ring.advance(partition.topic, partition.partition, partition.nextOffset);
    const pending = [...this.pending];
    this.pending.clear();
    for (const [group, waiting] of pending) deliver(group, waiting);
    const waitingForMore = [...this.waiting];
    this.waiting.clear();
    for (const wake of waitingForMore) wake();
  }

  /** Resolves when more was read, the ring was closed, or the signal aborts. */
  more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.waiting.delete(done);
        forget();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const forget = this.onClose(done);
      this.waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
      if (signal.aborted) done();
    });
  }

  /** Whether the event passes the filter; counts what evaluating it took. */
  accepts(tenantId: string, filter: TailFilter, event: TailEvent): boolean | 'exhausted' {
    if (!isFor(event, tenantId, filter)) return false;
    const { expression } = filter;
    if (expression === undefined) return true;
    const verdict = expression.verdict(event);
    this.budget.spend(tenantId, expression.text, expression.lastCost);
    if (verdict === 'match' || verdict === 'no_match') return verdict === 'match';
    this.metrics.tailFilterFailures.inc({ reason: verdict });
    return verdict === 'exhausted' ? 'exhausted' : false;
  }

  /** Calls back when the ring is closed; the answer takes the wish back. */
  onClose(listener: () => void): () => void {
    this.closing.add(listener);
    return () => this.closing.delete(listener);
  }

  close(): void {
    this.ring.close();
    for (const listener of [...this.closing]) listener();
  }

  private route(event: TailEvent): void {
    // Made by the first group that wants it, and the same for all: they are level with the ring.
    let placed: PlacedEvent | undefined;
    for (const group of this.index.candidates(event)) {
      if (!this.isWanted(group, event)) continue;
      placed ??= { event, position: this.ring.position.toString() };
      const waiting = this.pending.get(group);
      if (waiting === undefined) this.pending.set(group, [placed]);
      else waiting.push(placed);
    }
    this.endOverspenders(event.tenant);
  }

  private isWanted(group: Group, event: TailEvent): boolean {
    const accepted = this.accepts(group.tenantId, group.filter, event);
    if (accepted === 'exhausted') this.endGroup(group, 'filter_cost');
    return accepted === true;
  }

  private endOverspenders(tenantId: string): void {
    const text = this.budget.overspender(tenantId);
    if (text === undefined) return;
    const groups = [...this.index.groups(tenantId)].filter(({ filter }) => filter.expression?.text === text);
    for (const group of groups) this.endGroup(group, 'filter_budget');
  }

  /** What came before for it is given first: its place is behind that. */
  private endGroup(group: Group, reason: FilterEnd): void {
    const waiting = this.pending.get(group);
    this.pending.delete(group);
    if (waiting !== undefined) deliver(group, waiting);
    for (const member of [...group.members]) {
      this.detach(member);
      member.end(reason);
    }
  }
}

/** Bytes are made once for each encoding, and given to all members that have it. */
function deliver(group: Group, events: readonly PlacedEvent[]): void {
  const made = new Map<string, Buffer | undefined>();
  for (const member of [...group.members]) {
    const { encoding, hadBefore } = member;
    if (hadBefore !== undefined) {
      const fresh = events.filter(({ event }) => !hadBefore(event));
      const own = fresh.length === 0 ? undefined : encoding.events(fresh);
      if (own !== undefined) member.deliver(own, fresh.length);
      continue;
    }
    if (!made.has(encoding.key)) made.set(encoding.key, encoding.events(events));
    const bytes = made.get(encoding.key);
    if (bytes !== undefined) member.deliver(bytes, events.length);
  }
}
