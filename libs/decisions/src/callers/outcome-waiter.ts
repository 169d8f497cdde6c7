import { BackboneError, sleep, type Logger, type TenantId } from '@chorda/kernel';
import type { RecordPlace } from '@chorda/messaging';
import { ChannelListener } from '@chorda/read-models';
import type pg from 'pg';
import type { Registry } from 'prom-client';
import { decisionsChannel, parseProgress, type DecisionProgress } from '../engine/progress-notifier.js';
import { DecisionMetrics } from '../metrics.js';
import { readOutcome, type Outcome } from '../outcome.js';

export interface OutcomeWaiterParts {
  /** Of a role that may read the outcomes of all tenants; callers are told their own alone. */
  readonly pool: pg.Pool;
  readonly databaseUrl: string;
  readonly kind: string;
  readonly eventTopic: string;
  readonly metrics: Registry;
  readonly logger: Logger;
  /** Callers that may wait at once. Default 10,000. */
  readonly waitersMax?: number;
}

/** A command that stands in the log. */
export interface GivenCommand {
  readonly tenantId: TenantId;
  readonly commandId: string;
  readonly place: RecordPlace;
}

/** An outcome whose events are in the log. */
export interface ToldOutcome {
  readonly outcome: Outcome;
  /** A query that waits for this place sees all that the command did. */
  readonly position: RecordPlace;
}

export class TooManyWaitersError extends BackboneError {
  readonly code = 'TOO_MANY_WAITERS';
  readonly retriable = true;
}

interface Waiter {
  readonly command: GivenCommand;
  readonly sinceMs: number;
  resolve(told: ToldOutcome | undefined): void;
}

interface OutcomeRow {
  readonly place: string;
  readonly status: Outcome['status'];
  readonly body: string;
  readonly partition: number;
  readonly is_published: boolean;
  readonly published_offset: string;
}

/** A notification may be lost with its connection: callers are looked after now and then without one. */
const lookEveryMs = 500;
const lookRowsMax = 1_000;

/**
 * Tells callers what became of their commands. Postgres notifies once for each batch that an engine has published; one
 * read then serves all callers of that batch, and nobody asks while nothing happens.
 */
export class OutcomeWaiter {
  /** By the partition of their commands. */
  private readonly waiters = new Map<number, Set<Waiter>>();
  private readonly progress = new Map<number, DecisionProgress>();
  private readonly listener: ChannelListener;
  private readonly ready = new Set<Waiter>();
  private readonly ending = new AbortController();
  private readonly metrics: DecisionMetrics;
  private looking: Promise<void> | undefined;
  private watching: Promise<void> | undefined;
  private count = 0;

  constructor(private readonly parts: OutcomeWaiterParts) {
    this.metrics = DecisionMetrics.of(parts.metrics);
    this.listener = new ChannelListener(parts.databaseUrl, decisionsChannel, parts.logger);
  }

  /** Hears notifications from now on. */
  start(): void {
    this.listener.subscribe((payload) => parseProgress(payload).forEach((each) => this.hear(each)));
    this.watching ??= this.watch();
  }

  async close(): Promise<void> {
    this.ending.abort();
    await this.listener.close();
    await this.watching;
    for (const waiter of this.all()) this.end(waiter, undefined);
    await this.looking;
  }

  /**
   * @returns Undefined when the time was over first: the command may still be decided.
   * @throws {@link TooManyWaitersError} when `waitersMax` callers wait already.
   */
  async wait(command: GivenCommand, timeoutMs: number, signal?: AbortSignal): Promise<ToldOutcome | undefined> {
    const { kind, waitersMax = 10_000 } = this.parts;
    if (this.count >= waitersMax) {
      this.metrics.answers.inc({ kind, result: 'refused' });
      throw new TooManyWaitersError(`${waitersMax} callers wait for the outcome of their commands already`);
    }
    const told = await new Promise<ToldOutcome | undefined>((resolve) => this.add(command, timeoutMs, signal, resolve));
    this.metrics.answers.inc({ kind, result: told ? 'told' : 'timed_out' });
    return told;
  }

  /** What a command came to, if it is decided and published. */
  async find(tenantId: TenantId, commandId: string): Promise<ToldOutcome | undefined> {
    const [row] = await this.read([{ tenantId, commandId }]);
    return row?.is_published ? this.told(row, BigInt(row.published_offset)) : undefined;
  }

  private add(
    command: GivenCommand,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    resolve: (told: ToldOutcome | undefined) => void,
  ): void {
    const giveUp = () => this.end(waiter, undefined);
    const timer = setTimeout(giveUp, timeoutMs);
    signal?.addEventListener('abort', giveUp, { once: true });
    const waiter: Waiter = {
      command,
      sinceMs: Date.now(),
      resolve: (told) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
        resolve(told);
      },
    };
    const { partition } = command.place;
    this.waiters.set(partition, (this.waiters.get(partition) ?? new Set()).add(waiter));
    this.metrics.waiters.set({ kind: this.parts.kind }, ++this.count);
    if (signal?.aborted || this.ending.signal.aborted) return giveUp();
    // The engine may have been quicker than the acknowledgement of the command.
    const progress = this.progress.get(command.place.partition);
    if (progress && progress.nextCommandOffset > command.place.offset) this.look([waiter]);
  }

  private end(waiter: Waiter, told: ToldOutcome | undefined): void {
    if (!this.waiters.get(waiter.command.place.partition)?.delete(waiter)) return;
    this.ready.delete(waiter);
    this.metrics.waiters.set({ kind: this.parts.kind }, --this.count);
    waiter.resolve(told);
  }

  private hear(progress: DecisionProgress): void {
    if (progress.kind !== this.parts.kind) return;
    this.progress.set(progress.partition, progress);
    const { partition, nextCommandOffset } = progress;
    const mine = [...(this.waiters.get(partition) ?? [])];
    this.look(mine.filter(({ command: { place } }) => place.offset < nextCommandOffset));
  }

  private all(): readonly Waiter[] {
    return [...this.waiters.values()].flatMap((waiters) => [...waiters]);
  }

  private look(waiters: readonly Waiter[]): void {
    for (const waiter of waiters) this.ready.add(waiter);
    if (this.ready.size > 0) this.looking ??= this.lookAtReady();
  }

  /** Whoever becomes ready while one read is under way shares the next. */
  private async lookAtReady(): Promise<void> {
    // One notification tells of many partitions, one after the other: the callers of all of them share a read.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      while (this.ready.size > 0) await this.lookAt([...this.ready].slice(0, lookRowsMax));
    } catch (error) {
      this.parts.logger.warn('Outcomes could not be read; trying again later', { kind: this.parts.kind, error });
    } finally {
      // In the turn that found nobody ready: whoever becomes it a moment later is looked at anew.
      this.looking = undefined;
    }
  }

  private async lookAt(waiters: readonly Waiter[]): Promise<void> {
    for (const waiter of waiters) this.ready.delete(waiter);
    const rows = await this.read(waiters.map(({ command }) => command));
    for (const row of rows) this.tell(waiters[Number(row.place) - 1], row);
  }

  private tell(waiter: Waiter | undefined, row: OutcomeRow): void {
    if (!waiter) return;
    const progress = this.progress.get(row.partition);
    const isTold = progress !== undefined && progress.nextCommandOffset > waiter.command.place.offset;
    if (!isTold && !row.is_published) return;
    const inTable = BigInt(row.published_offset);
    const heard = progress?.publishedOffset ?? 0n;
    this.end(waiter, this.told(row, isTold && heard > inTable ? heard : inTable));
  }

  private told(row: OutcomeRow, publishedOffset: bigint): ToldOutcome {
    const offset = publishedOffset > 0n ? publishedOffset - 1n : 0n;
    const position = { topic: this.parts.eventTopic, partition: row.partition, offset };
    return { outcome: readOutcome(row.status, row.body), position };
  }

  private async read(
    commands: readonly Pick<GivenCommand, 'tenantId' | 'commandId'>[],
  ): Promise<readonly OutcomeRow[]> {
    const { rows } = await this.parts.pool.query<OutcomeRow>({
      name: 'decisions: read outcomes',
      text: `SELECT asked.place, o.status, o.body, o.partition, p.published_offset,
          o.partition_seq <= p.published_seq AS is_published
        FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS asked (tenant_id, command_id, place)
        CROSS JOIN LATERAL (SELECT * FROM decision_outcomes WHERE tenant_id = asked.tenant_id AND kind = $1
          AND command_id = asked.command_id LIMIT 1) o
        JOIN decision_partitions p ON p.kind = o.kind AND p.partition = o.partition`,
      values: [this.parts.kind, commands.map(({ tenantId }) => tenantId), commands.map(({ commandId }) => commandId)],
    });
    return rows;
  }

  private async watch(): Promise<void> {
    while (!this.ending.signal.aborted) {
      await sleep(lookEveryMs, this.ending.signal);
      const beforeMs = Date.now() - lookEveryMs;
      if (!this.ending.signal.aborted) this.look(this.all().filter(({ sinceMs }) => sinceMs < beforeMs));
    }
  }
}
