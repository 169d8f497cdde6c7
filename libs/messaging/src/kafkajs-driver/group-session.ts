import { sleep, type BackboneError, type Logger } from '@chorda/kernel';
import { BrokerUnavailableError } from '../errors.js';
import type { AssignedPartition } from '../port.js';
import { AssignedLog, type LogOwner } from './assigned-log.js';
import type { Cluster } from './cluster.js';
import { codeOf, kafkaErrors, toBackboneError } from './errors.js';
import { Fetcher } from './fetcher.js';
import type { GroupSettings } from './group-consumer.js';
import type { Membership } from './membership.js';

const earliest = -2;
const latest = -1;
const endOffsetsEveryMs = 5_000;
const commitAttempts = 3;
/** Of all partitions together, fetched and not yet read; each keeps at least a quarter of a mebibyte. */
const buffersBytesMax = 64 * 1024 * 1024;
const partitionBufferBytesMin = 256 * 1024;

export type SessionEnd =
  /** Others came or went: drain, commit, join again. */
  | { readonly kind: 'rebalance' }
  | { readonly kind: 'stop' }
  /** The broker, or our own clock, says that the partitions are somebody else's: nothing may be committed. */
  | { readonly kind: 'lost' }
  /** A reader does not return: leave, so that others may have the partitions. */
  | { readonly kind: 'stuck' }
  | { readonly kind: 'failed'; readonly error: BackboneError };

/** The time between one assignment and its end. */
export class GroupSession implements LogOwner {
  private logs: AssignedLog[] = [];
  private fetcher: Fetcher | undefined;
  private ended: SessionEnd | undefined;
  private tellEnd: (end: SessionEnd) => void = () => undefined;
  private readonly over: Promise<SessionEnd>;
  private readonly closed = new AbortController();
  private heardAtMs = Date.now();
  private committing: Promise<void> | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly membership: Membership,
    private readonly settings: GroupSettings,
    private readonly logger: Logger,
    private readonly topicPrefix: string,
  ) {
    this.over = new Promise((resolve) => {
      this.tellEnd = resolve;
    });
  }

  /** The first reason counts; a loss overrides a rebalance that still drains. */
  end(reason: SessionEnd): void {
    if (reason.kind === 'lost' || reason.kind === 'stuck') for (const log of this.logs) log.disown();
    if (this.ended && !(this.ended.kind === 'rebalance' && reason.kind !== 'rebalance')) return;
    this.ended = reason;
    this.tellEnd(reason);
  }

  wake(): void {
    this.fetcher?.wake();
  }

  isCurrent(): boolean {
    if (Date.now() - this.heardAtMs <= this.settings.sessionTimeoutMs) return true;
    this.end({ kind: 'lost' });
    return false;
  }

  async startOffset(log: AssignedLog): Promise<bigint> {
    return this.listOffset(log, this.settings.startFrom === 'earliest' ? earliest : latest);
  }

  async run(
    assigned: readonly { topic: string; partition: number }[],
    nextEpoch: () => number,
    read: (partition: AssignedPartition) => Promise<void>,
  ): Promise<SessionEnd> {
    const pulse = this.beat();
    try {
      await this.open(assigned, nextEpoch);
    } catch (error) {
      this.end({ kind: 'failed', error: toBackboneError(error, 'Opening an assignment') });
    }
    const fetching = this.fetcher?.run();
    const background = [pulse, this.commitInIntervals(), this.watchEndOffsets()];
    const readers = this.logs.map((log) => read(log));
    await this.over;
    for (const log of this.logs) log.endIntake();
    this.fetcher?.stop();
    await this.drain(readers);
    this.closed.abort();
    await Promise.allSettled([...background, fetching]);
    // A loss that came while it drained overrides.
    return this.ended!;
  }

  private async open(assigned: readonly { topic: string; partition: number }[], nextEpoch: () => number) {
    const committed = await this.membership.committed(assigned);
    const share = Math.max(partitionBufferBytesMin, Math.floor(buffersBytesMax / Math.max(1, assigned.length)));
    const bounds = { ...this.settings, bufferBytesMax: Math.min(this.settings.bufferBytesMax, share) };
    this.logs = assigned.map(({ topic, partition }) => {
      const at = committed.find((each) => each.topic === topic && each.partition === partition)?.offset;
      const bare = topic.slice(this.topicPrefix.length);
      return new AssignedLog(bare, topic, partition, nextEpoch(), at, bounds, this);
    });
    if (this.ended) for (const log of this.logs) log.endIntake();
    const onOutOfRange = (log: AssignedLog) => void this.mendRange(log);
    this.fetcher = new Fetcher(this.cluster, this.logs, this.logger, onOutOfRange, this.settings.fetchPauseMs);
  }

  /** Readers finish what they hold, then the last offsets are committed, then the partitions are no longer ours. */
  private async drain(readers: readonly Promise<void>[]): Promise<void> {
    const finished = Promise.all(readers);
    const inTime = await Promise.race([
      finished.then(() => true),
      sleep(this.settings.drainTimeoutMs, this.closed.signal).then(() => false),
    ]);
    if (!inTime)
      this.logger.warn('Readers did not finish within the drain deadline', { ms: this.settings.drainTimeoutMs });
    await this.flush();
    for (const log of this.logs) log.disown();
  }

  /**
   * Heartbeats as long as the readers make progress: a beat that came from the timer alone would keep the partitions of
   * a process whose handler hangs.
   */
  private async beat(): Promise<void> {
    while (!this.closed.signal.aborted) {
      await sleep(this.settings.heartbeatIntervalMs, this.closed.signal);
      if (this.closed.signal.aborted) return;
      const nowMs = Date.now();
      if (!this.isCurrent()) return;
      const { stuckAfterMs } = this.settings;
      const isStuck = (log: AssignedLog) => log.busySinceMs !== undefined && nowMs - log.busySinceMs > stuckAfterMs;
      if (this.ended === undefined && this.logs.some(isStuck)) return this.end({ kind: 'stuck' });
      await this.beatOnce(nowMs);
    }
  }

  private async beatOnce(nowMs: number): Promise<void> {
    try {
      await this.membership.heartbeat();
      this.heardAtMs = nowMs;
    } catch (error) {
      await this.handleGroupError(error, nowMs);
    }
  }

  private async handleGroupError(error: unknown, nowMs: number): Promise<void> {
    const code = codeOf(error);
    if (code === kafkaErrors.rebalanceInProgress) {
      this.heardAtMs = nowMs;
      this.end({ kind: 'rebalance' });
    } else if (code === kafkaErrors.unknownMemberId || code === kafkaErrors.illegalGeneration) {
      this.end({ kind: 'lost' });
    } else if (error instanceof Error && 'retriable' in error && error.retriable === true) {
      // The coordinator is away or has moved. Until the session time is over the partitions are still ours.
      await this.membership.findCoordinator().catch(() => undefined);
    } else {
      this.end({ kind: 'failed', error: toBackboneError(error, 'Heartbeat') });
    }
  }

  private async commitInIntervals(): Promise<void> {
    while (!this.closed.signal.aborted) {
      await sleep(this.settings.commitIntervalMs, this.closed.signal);
      if (!this.closed.signal.aborted) await this.flush();
    }
  }

  private async flush(): Promise<void> {
    for (let attempt = 1; attempt <= commitAttempts; attempt++) {
      await this.committing;
      if (this.ended?.kind === 'lost') return;
      this.committing = this.commitOnce();
      await this.committing;
      if (this.logs.every((log) => log.uncommitted() === undefined)) return;
      await sleep(100 * attempt);
    }
  }

  private async commitOnce(): Promise<void> {
    const due = this.logs.flatMap((log) => {
      const offset = log.uncommitted();
      return offset === undefined ? [] : [{ log, offset }];
    });
    if (due.length === 0) return;
    const nowMs = Date.now();
    try {
      await this.membership.commit(
        due.map(({ log, offset }) => ({ topic: log.fullTopic, partition: log.partition, offset })),
      );
      for (const { log, offset } of due) log.settledCommit = offset;
    } catch (error) {
      this.logger.debug('A commit failed', { error });
      await this.handleGroupError(error, nowMs);
    }
  }

  /** What is paused or stopped is not fetched, and its lag would stand still. */
  private async watchEndOffsets(): Promise<void> {
    while (!this.closed.signal.aborted) {
      await sleep(endOffsetsEveryMs, this.closed.signal);
      for (const log of this.logs) {
        if (this.closed.signal.aborted) return;
        if (Date.now() - log.endOffsetAtMs < endOffsetsEveryMs) continue;
        const endOffset = await this.listOffset(log, latest).catch(() => undefined);
        if (endOffset !== undefined) {
          log.endOffset = endOffset;
          log.endOffsetAtMs = Date.now();
        }
      }
    }
  }

  /** The log was cut behind our back. Records before its start are gone: said loudly. A log that ends earlier is not ours. */
  private async mendRange(log: AssignedLog): Promise<void> {
    const asked = log.fetchOffset!;
    log.stopAt(`offset ${asked} is not in the log`);
    try {
      const start = await this.listOffset(log, earliest);
      if (asked >= start) {
        const end = await this.listOffset(log, latest);
        log.stopAt(`offset ${asked} is beyond the end of the log, ${end}: the topic was cut or made anew`);
        return;
      }
      const fields = { topic: log.topic, partition: log.partition, asked: String(asked), start: String(start) };
      this.logger.error('Records were deleted by retention before this group read them', fields);
      await log.start(start);
    } catch (error) {
      this.logger.warn('The range of a partition could not be looked up', { error });
    }
  }

  private async listOffset({ fullTopic, partition }: AssignedLog, timestamp: number): Promise<bigint> {
    const leader = this.cluster.leaderOf(fullTopic, partition);
    if (!leader) throw new BrokerUnavailableError(`${fullTopic}[${partition}] has no leader`);
    const { responses } = await this.cluster.call(leader, 'ListOffsets', (broker) =>
      broker.listOffsets({ isolationLevel: 1, topics: [{ topic: fullTopic, partitions: [{ partition, timestamp }] }] }),
    );
    return BigInt(responses[0]!.partitions[0]!.offset);
  }
}
