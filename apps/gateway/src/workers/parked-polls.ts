import { sleep, type Logger, type TenantId } from '@chorda/kernel';
import type { AgentWorkRepository, CallsWanted, ChannelListener, LeasedWork } from '@chorda/read-models';
import type { Counter, Gauge } from 'prom-client';
import { Problem } from '../http/problem.js';

const pollsMax = 2_000;
const pollsOfTenantMax = 500;
/** Of one statement. */
const wantedMax = 200;
const claimedMax = 1_000;
/** A notification may be lost with its connection, and a lease that ends is told nobody. */
const lookEveryMs = 2_000;

interface ParkedPollsParts {
  readonly works: Pick<AgentWorkRepository, 'claimForAll' | 'release'>;
  readonly ready: Pick<ChannelListener, 'subscribe'>;
  readonly metrics: { readonly waiting: Gauge; readonly refused: Counter };
  readonly logger: Logger;
}

interface Poll {
  readonly wanted: CallsWanted;
  readonly end: (leased: readonly LeasedWork[]) => void;
  readonly fail: (error: unknown) => void;
  /** It has been looked for it at least once, also where it does not wait. */
  isLooked: boolean;
  isTimeOver: boolean;
}

/**
 * The long polls of workers. One loop claims for all that wait, in one statement for many: a poll costs nothing while it
 * waits, and work that comes wakes the loop and not each poller.
 *
 * A poll looks once, then waits. It ends with work; when its time is over; when its caller has gone, and what was leased
 * for it by then is given back; and when this stops.
 */
export class ParkedPolls {
  private readonly polls = new Map<TenantId, Set<Poll>>();
  /** Tenants of whom something may be ready. */
  private readonly woken = new Set<TenantId>();
  private readonly stopping = new AbortController();
  private readonly unsubscribe: () => void;
  private count = 0;
  private isLooking = false;

  constructor(private readonly parts: ParkedPollsParts) {
    this.unsubscribe = parts.ready.subscribe((payload) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the channel carries tenants and nothing else
      const tenantId = payload as TenantId;
      if (this.polls.has(tenantId)) this.wake(tenantId);
    });
    void this.lookNowAndThen();
  }

  /** Polls end with nothing, so that a gateway that stops is not held up by them. */
  stop(): void {
    this.unsubscribe();
    this.stopping.abort();
    for (const poll of [...this.polls.values()].flatMap((ofTenant) => [...ofTenant])) {
      this.end(poll, []);
    }
  }

  /**
   * Leases calls, and waits for one where there is none.
   *
   * @throws Problem `OVERLOADED` where as many wait as may.
   */
  async claim(wanted: CallsWanted, waitMs: number, gone: AbortSignal): Promise<readonly LeasedWork[]> {
    if (this.stopping.signal.aborted || gone.aborted) return [];
    const { promise, resolve, reject } = Promise.withResolvers<readonly LeasedWork[]>();
    const poll: Poll = { wanted, end: resolve, fail: reject, isLooked: false, isTimeOver: false };
    this.enter(poll);
    const timer = setTimeout(() => {
      poll.isTimeOver = true;
      if (poll.isLooked) this.end(poll, []);
    }, waitMs);
    const left = () => this.end(poll, []);
    gone.addEventListener('abort', left);
    try {
      this.wake(wanted.tenantId);
      const leased = await promise;
      if (!gone.aborted || leased.length === 0) return leased;
      await this.giveBack(wanted.tenantId, leased);
      return [];
    } finally {
      clearTimeout(timer);
      gone.removeEventListener('abort', left);
      this.leave(poll);
    }
  }

  private enter(poll: Poll): void {
    const { waiting, refused } = this.parts.metrics;
    const { tenantId } = poll.wanted;
    const ofTenant = this.polls.get(tenantId) ?? new Set();
    if (this.count >= pollsMax || ofTenant.size >= pollsOfTenantMax) {
      refused.inc();
      throw new Problem('OVERLOADED', 'As many workers wait as may', { headers: { 'retry-after': '5' } });
    }
    this.polls.set(tenantId, ofTenant.add(poll));
    waiting.set(++this.count);
  }

  /** From here on it is given nothing. */
  private leave(poll: Poll): void {
    const { tenantId } = poll.wanted;
    const ofTenant = this.polls.get(tenantId);
    if (ofTenant?.delete(poll) !== true) return;
    if (ofTenant.size === 0) this.polls.delete(tenantId);
    this.parts.metrics.waiting.set(--this.count);
  }

  private end(poll: Poll, leased: readonly LeasedWork[]): void {
    this.leave(poll);
    poll.end(leased);
  }

  private wake(tenantId: TenantId): void {
    this.woken.add(tenantId);
    if (this.isLooking) return;
    this.isLooking = true;
    // What the same turn of the event loop brings shares the statement.
    setImmediate(() => void this.look());
  }

  private async look(): Promise<void> {
    while (this.woken.size > 0) {
      const tenants = [...this.woken];
      this.woken.clear();
      const polls = tenants.flatMap((tenantId) => [...(this.polls.get(tenantId) ?? [])]);
      const groups = groupsOf(polls);
      for (let from = 0; from < groups.length; from += wantedMax)
        await this.lookFor(groups.slice(from, from + wantedMax));
    }
    this.isLooking = false;
  }

  private async lookFor(groups: readonly Group[]): Promise<void> {
    const polls = groups.flatMap((group) => group.polls);
    try {
      const claimed = await this.parts.works.claimForAll(groups.map(({ wanted }) => wanted));
      for (const [at, group] of groups.entries()) await this.handOut(group, claimed[at] ?? [], groups.length > 1);
    } catch (error) {
      for (const poll of polls) poll.fail(error);
    }
    for (const poll of polls) {
      poll.isLooked = true;
      if (poll.isTimeOver) this.end(poll, []);
    }
  }

  private async handOut({ wanted, polls }: Group, claimed: readonly LeasedWork[], hasOthers: boolean): Promise<void> {
    if (claimed.length === 0) return;
    let from = 0;
    for (const poll of polls) {
      if (from >= claimed.length) break;
      // Its caller may have gone, or its time have ended, while it was looked for it.
      if (!this.polls.get(wanted.tenantId)?.has(poll)) continue;
      const share = claimed.slice(from, from + poll.wanted.max);
      from += share.length;
      this.end(poll, share);
    }
    if (from < claimed.length) await this.giveBack(wanted.tenantId, claimed.slice(from));
    // There may be more, and what several asked for went to one of them.
    if (claimed.length >= wanted.max || hasOthers) this.woken.add(wanted.tenantId);
  }

  private async giveBack(tenantId: TenantId, leased: readonly LeasedWork[]): Promise<void> {
    await this.parts.works.release(leased);
    if (this.polls.has(tenantId)) this.wake(tenantId);
  }

  private async lookNowAndThen(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await sleep(lookEveryMs, signal);
      for (const tenantId of this.polls.keys()) this.wake(tenantId);
    }
  }
}

/** Polls that ask for the same. */
interface Group {
  readonly wanted: CallsWanted;
  readonly polls: readonly Poll[];
}

function groupsOf(polls: readonly Poll[]): readonly Group[] {
  const groups = new Map<string, Poll[]>();
  for (const poll of polls) {
    const { tenantId, queue, owner, tools } = poll.wanted;
    const key = JSON.stringify([tenantId, queue, owner, [...tools].sort()]);
    const same = groups.get(key);
    if (same) same.push(poll);
    else groups.set(key, [poll]);
  }
  return [...groups.values()].map((same) => {
    const max = same.reduce((sum, { wanted }) => sum + wanted.max, 0);
    const [{ wanted }] = same as [Poll];
    return { wanted: { ...wanted, max: Math.min(max, claimedMax) }, polls: same };
  });
}
