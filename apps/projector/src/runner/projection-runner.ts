import { BackboneError, type Logger } from '@chorda/kernel';
import {
  redriveTopic,
  type Batch,
  type BatchHandler,
  type CheckpointStore,
  type Outcomes,
  type TopicPartition,
} from '@chorda/messaging';
import { crashPoint, isPlanted } from '@chorda/platform';
import { isDatabaseAway } from '@chorda/read-models';
import type pg from 'pg';
import type { AdvanceNotifier } from './advance-notifier.js';
import { isEventFault } from '../parking/fault.js';
import { hasRoom, LastMinute, ProjectionStoppedError } from '../parking/park-bounds.js';
import { loadParkedKeys, ParkedKeys } from '../parking/parked-keys.js';
import { applySlice, type Slice, type SliceMode, type SliceParts, type Worker } from './apply-slice.js';
import { applyTogether, canShare, type Member } from './apply-together.js';
import { checkpointTable, type CheckpointMove, type Claim } from './checkpoint-table.js';
import { PartitionFencedError, PartitionNotClaimedError, TransactionOfSeveralError } from './errors.js';
import { IdentityWindow } from './identity-window.js';
import type { LiveDelay } from './live-delay.js';
import type { Projection } from './projection.js';
import { SharedTransactions } from './shared-transactions.js';
import { slicesOf, wholeSlice } from './slices.js';
import { traceRows } from './trace-rows.js';

export interface RunnerParts extends SliceParts {
  /** Sessions with `transaction_timeout`, of the role that owns the tables. */
  readonly pool: pg.Pool;
  /** The same for transactions that batches share, whose statements do not wait for each other. */
  readonly pipelined: pg.Pool;
  readonly projections: readonly Projection[];
  /** The consumer group; its redrive topics feed the projections of their sources. */
  readonly group: string;
  /** Names this process in the checkpoints. */
  readonly owner: string;
  readonly notifier: AdvanceNotifier;
  /** Told of each batch; whoever gives way to live asks it. */
  readonly liveDelay?: LiveDelay;
  readonly logger: Logger;
  /** Kafka's id of a topic, to notice one that was made anew. */
  readonly topicId: (topic: string) => Promise<string | undefined>;
  /** The same of several, asked anew each time; a topic that is not there has none. */
  readonly topicIds: (topics: readonly string[]) => Promise<ReadonlyMap<string, string | undefined>>;
  /** The checkpoint stands elsewhere than this process thought: partitions must be claimed anew. */
  readonly onFenced: () => void;
  /** A partition stands still, told once for each stop. */
  readonly onStopped: (stop: PartitionStop) => void;
}

export interface PartitionStop extends TopicPartition {
  readonly offset: bigint;
  readonly reason: string;
}

interface Owned extends TopicPartition {
  /** Another topic than the partition's where it brings redrives. */
  readonly source: string;
  readonly topicId: string | undefined;
  readonly workers: readonly Worker[];
  readonly window: IdentityWindow;
  /** Faults in a row that are not Postgres being away. */
  faults: number;
  stopped: boolean;
  /** Until then its batches have transactions of their own: one that it shared would likely be given up for it. */
  aloneUntilMs: number;
}

/** So long after a batch in which an event fails, or that others have had a hand in. */
const aloneMs = 1_000;

/** From the third fault in a row on, a partition counts as stopped: the first ones may be a conflict of the moment. */
const faultsUntilStopped = 3;

/** Every projection of a partition has stopped: nobody is left to go on. */
class PartitionStoppedError extends BackboneError {
  readonly code = 'PARTITION_STOPPED';
  readonly retriable = true;
}

/**
 * Applies batches to all projections of a partition: rows, repeats, parked events and checkpoints in one transaction, or
 * none of it.
 *
 * A partition is
 * - claimed (entered by `claim`, which raises the epoch of its checkpoints): batches are written;
 * - fenced (its checkpoint says something else than the claim): nothing is written until it is claimed anew;
 * - released: nothing is written.
 *
 * A projection in a partition is working, or stopped (a bound of parking is passed): then its checkpoint stays, the others
 * go on, and the next claim begins at its checkpoint again.
 *
 * A batch in which an event fails is written again in slices that find and park it. Whatever else goes wrong is thrown to
 * the consumer engine, which waits and brings the batch again: nothing is skipped, and nothing is set aside for a database
 * that is slow or away.
 */
export class ProjectionRunner implements BatchHandler, CheckpointStore {
  private readonly owned = new Map<string, Owned>();
  private readonly together = new SharedTransactions<Member>((members) => this.commitTogether(members));

  constructor(private readonly parts: RunnerParts) {}

  async claim(place: TopicPartition): Promise<bigint> {
    const { pool, owner, logger } = this.parts;
    const projections = this.parts.projections.filter((projection) => this.reads(projection, place.topic));
    const topicId = await this.parts.topicId(place.topic);
    const { claims, recreated } = await checkpointTable.claim(pool, place, projections, owner, topicId, logger);
    const { topic, partition } = place;
    if (recreated) logger.error('The topic was deleted and made anew: reading it from its start', { topic, partition });
    const source = projections.flatMap(({ topics }) => topics).find((each) => this.isLaneOf(each, topic)) ?? topic;
    const workers = workersOf(projections, claims);
    if (source === topic) {
      // A change between the two shows in the revision that the first batch reads.
      await loadParkedKeys(
        pool,
        topic,
        [partition],
        workers.map((worker) => ({ ...worker, revision: -1n })),
      );
    }
    const window = new IdentityWindow({ topic, partition });
    this.owned.set(keyOf(place), {
      topic,
      partition,
      source,
      topicId,
      workers,
      window,
      faults: 0,
      stopped: false,
      aloneUntilMs: 0,
    });
    // The projection that is furthest behind says where to begin; the others pass over what they have.
    return claims.map(({ nextOffset }) => nextOffset).reduce((least, offset) => (offset < least ? offset : least));
  }

  async release(place: TopicPartition): Promise<void> {
    const owned = this.owned.get(keyOf(place));
    if (owned?.stopped) this.parts.metrics.stoppedPartitions.dec({ topic: place.topic });
    for (const { stop } of owned?.workers ?? [])
      if (stop) this.parts.metrics.stoppedPartitions.dec({ topic: place.topic });
    this.owned.delete(keyOf(place));
  }

  /** A partition without traffic writes nothing that would tell it that its claim is lost: this asks for all of them. */
  async lookAfterClaims(): Promise<void> {
    const before = new Map(this.owned);
    const held = [...before.values()].flatMap(({ topic, partition, workers }) =>
      workers.map(({ claim }) => ({ topic, partition, claim })),
    );
    if (held.length === 0) return;
    const lost = await checkpointTable.lost(this.parts.pool, held);
    // What was given back or claimed anew while the database was asked is another claim than the one it was asked about.
    const still = lost.filter((place) => this.owned.get(keyOf(place)) === before.get(keyOf(place)));
    if (still.length > 0) {
      const partitions = still.map(keyOf).slice(0, 20);
      this.parts.logger.warn(
        'Checkpoints stand before what was committed: somebody claimed them, or restored a backup',
        {
          partitions,
        },
      );
    }
    for (const place of [...still, ...(await this.settledStops())]) await this.standDown(place);
  }

  /**
   * A topic that was deleted and made anew while it was read is another log: its offsets begin again, and its first
   * records would pass for those that were applied. What is held of it is claimed anew, from its start.
   */
  async lookAfterTopics(): Promise<void> {
    const before = [...this.owned.values()];
    const ids = await this.parts.topicIds([...new Set(before.map(({ topic }) => topic))]);
    for (const owned of before) {
      const { topic, partition, topicId } = owned;
      const id = ids.get(topic);
      const isAnother = id !== undefined && topicId !== undefined && id !== topicId;
      if (!isAnother || this.owned.get(keyOf(owned)) !== owned) continue;
      this.parts.logger.error('A topic was deleted and made anew while it was read', { topic, partition });
      await this.standDown(owned);
    }
  }

  /** What this process holds, for who retries what is parked in it. */
  workers(): readonly (TopicPartition & { readonly worker: Worker })[] {
    return [...this.owned.values()].flatMap(({ topic, partition, source, workers }) =>
      source === topic ? workers.map((worker) => ({ topic, partition, worker })) : [],
    );
  }

  /** Projections that stand still in a partition while others of it may go on. */
  stops(): readonly (TopicPartition & { readonly reason: string })[] {
    return [...this.owned.values()].flatMap(({ topic, partition, workers }) =>
      workers.flatMap(({ stop }) => (stop ? [{ topic, partition, reason: stop.message }] : [])),
    );
  }

  async handleBatch(batch: Batch): Promise<Outcomes> {
    const owned = this.owned.get(keyOf(batch));
    if (owned === undefined) throw new PartitionNotClaimedError(batch.topic, batch.partition);
    const isBehind = ({ claim }: Worker) => claim.nextOffset < batch.nextOffset;
    if (!owned.workers.some(isBehind)) return batch.allDone();
    const { metrics, operations } = this.parts;
    const startedMs = performance.now();
    const [first] = batch.messages;
    const ended = this.parts.liveDelay?.begin({
      sinceMs: first?.record.timestampMs ?? 0,
      records: batch.messages.length,
    });
    try {
      const member = { batch, slice: wholeSlice(batch, owned.source), workers: owned.workers, window: owned.window };
      const alone = () => this.apply(batch, owned, isBehind);
      if (canShare(member) && Date.now() >= owned.aloneUntilMs) {
        await this.together.submit(member, batch.messages.length, alone);
      } else {
        await alone();
      }
      ended?.(true);
    } catch (error) {
      ended?.(false);
      operations.record('projection.commit', performance.now() - startedMs, true);
      await this.onFault(batch, owned, error);
      throw error;
    }
    const elapsedMs = performance.now() - startedMs;
    operations.record('projection.commit', elapsedMs);
    metrics.batchSeconds.observe({ topic: batch.topic }, elapsedMs / 1000);
    metrics.batches.inc({ topic: batch.topic, outcome: 'committed' });
    if (owned.stopped) metrics.stoppedPartitions.dec({ topic: batch.topic });
    owned.faults = 0;
    owned.stopped = false;
    crashPoint('before-kafka-commit');
    return batch.allDone();
  }

  private reads({ topics }: Projection, topic: string): boolean {
    return topics.some((source) => source === topic || this.isLaneOf(source, topic));
  }

  private isLaneOf(source: string, topic: string): boolean {
    return redriveTopic(source, this.parts.group) === topic;
  }

  private async apply(batch: Batch, owned: Owned, isBehind: (worker: Worker) => boolean): Promise<void> {
    for (;;) {
      const working = owned.workers.filter((worker) => isBehind(worker) && worker.stop === undefined);
      if (working.length === 0) break;
      try {
        await this.applyTo(batch, owned, working);
      } catch (error) {
        const stopped = error instanceof ProjectionStoppedError && working.find(isOf(error));
        if (!stopped) throw error;
        await this.stop(batch, stopped, error);
      }
    }
    const [stop] = owned.workers.flatMap((worker) => worker.stop ?? []);
    if (stop && owned.workers.every((worker) => worker.stop)) throw new PartitionStoppedError(stop.message);
  }

  private async applyTo(batch: Batch, owned: Owned, workers: readonly Worker[]): Promise<void> {
    const { pool } = this.parts;
    for (const { projection } of workers) await projection.prepare?.(pool, batch.messages);
    const startMs = Date.now();
    try {
      await this.commit(batch, wholeSlice(batch, owned.source), owned, workers, 'whole');
    } catch (error) {
      if (!isEventFault(error)) throw error;
      owned.aloneUntilMs = Date.now() + aloneMs;
      this.parts.logger.info('An event of a batch fails; looking for it', { ...fieldsOf(batch), error });
      // What failed may be a day that was dropped behind the projector, and not the event.
      for (const { projection } of workers) {
        projection.forget?.();
        await projection.prepare?.(pool, batch.messages);
      }
      for (const slice of slicesOf(batch, owned.source)) {
        const behind = workers.filter(({ claim }) => claim.nextOffset < slice.nextOffset);
        if (behind.length > 0) await this.commit(batch, slice, owned, behind, 'apart');
      }
    }
    traceRows(batch, startMs);
  }

  /**
   * Small batches of several partitions in one transaction.
   *
   * @throws Whatever it was: nothing was written then, as far as is known, and each batch is tried by itself.
   */
  private async commitTogether(members: readonly Member[]): Promise<void> {
    const { pool, pipelined, metrics, notifier, projections } = this.parts;
    const startMs = Date.now();
    const messages = members.flatMap(({ slice }) => slice.messages);
    const moves = members.flatMap(({ slice, workers }) =>
      workers.map(({ claim }) => ({ place: slice, claim, nextOffset: slice.nextOffset })),
    );
    for (const projection of projections) await projection.prepare?.(pool, messages);
    const tx = await pipelined.connect();
    let isLost = true;
    let committed: readonly (() => void)[] = [];
    try {
      committed = await applyTogether(tx, this.parts, members, moves);
      crashPoint('before-commit');
      await tx.query('COMMIT');
      isLost = false;
      crashPoint('after-commit');
    } catch (error) {
      for (const { window } of members) window.doubt();
      metrics.sharedTransactions.inc({ outcome: 'given_up' });
      this.parts.logger.debug('A transaction of several partitions was given up', {
        partitions: members.length,
        error,
      });
      if (error instanceof TransactionOfSeveralError) isLost = !(await isRolledBack(tx));
      throw error;
    } finally {
      tx.release(isLost);
    }
    for (const { claim, nextOffset } of moves) claim.nextOffset = nextOffset;
    for (const done of committed) done();
    metrics.sharedTransactions.inc({ outcome: 'committed' });
    notifier.notify(moves.map(advanceOf));
    for (const { batch } of members) traceRows(batch, startMs);
  }

  private async commit(
    batch: Batch,
    slice: Slice,
    { window }: Owned,
    workers: readonly Worker[],
    mode: SliceMode,
  ): Promise<void> {
    const claims = workers.map(({ claim }) => claim);
    const tx = await this.begin();
    let isLost = true;
    let committed: readonly (() => void)[] = [];
    try {
      const revisions = await checkpointTable.advance(tx, slice, claims, slice.nextOffset);
      if (!revisions) {
        await tx.query('ROLLBACK');
        isLost = false;
        // On this connection: were each of many partitions to wait for another one, they would wait for one another.
        return await this.afterRefusal(tx, batch, slice, workers);
      }
      if (isPlanted('checkpoint-before-rows')) await tx.query('COMMIT; BEGIN');
      crashPoint('before-rows');
      committed = await applySlice(tx, this.parts, slice, workers, revisions, mode, window);
      crashPoint('before-commit');
      await tx.query('COMMIT');
      isLost = false;
      crashPoint('after-commit');
    } catch (error) {
      window.doubt();
      throw error;
    } finally {
      // Without a COMMIT or ROLLBACK that was answered the session's state is unknown: it is closed, which rolls back.
      tx.release(isLost);
    }
    for (const claim of claims) claim.nextOffset = slice.nextOffset;
    for (const done of committed) done();
    this.parts.notifier.notify(claims.map((claim) => advanceOf({ place: slice, claim, nextOffset: slice.nextOffset })));
  }

  private async begin(): Promise<pg.PoolClient> {
    const tx = await this.parts.pool.connect();
    try {
      await tx.query('BEGIN');
      return tx;
    } catch (error) {
      tx.release(true);
      throw error;
    }
  }

  /**
   * The checkpoints do not stand where the claims say. Either an earlier try of this very slice was committed and the
   * answer was lost with its connection: then it is done. Or somebody else moved them: then this owner stands down.
   */
  private async afterRefusal(tx: pg.ClientBase, batch: Batch, slice: Slice, workers: readonly Worker[]): Promise<void> {
    const claims = workers.map(({ claim }) => claim);
    const standing = await checkpointTable.standing(tx, slice, claims);
    if (standing.every((offset) => offset === slice.nextOffset)) {
      for (const { claim, parked } of workers) {
        claim.nextOffset = slice.nextOffset;
        // What that try parked is not in memory.
        parked.revision = -1n;
      }
      this.parts.logger.info('The batch was committed before; only its answer was lost', fieldsOf(batch));
      return;
    }
    const why = standing.includes(undefined)
      ? 'another owner has claimed it'
      : `its checkpoint is at ${standing.join(', ')}`;
    throw new PartitionFencedError(batch.topic, batch.partition, why);
  }

  private async standDown(place: TopicPartition): Promise<void> {
    for (const projection of this.parts.projections) projection.forget?.();
    await this.release(place);
    this.parts.onFenced();
  }

  private async stop(place: TopicPartition, worker: Worker, stop: ProjectionStoppedError): Promise<void> {
    worker.stop = stop;
    worker.projection.forget?.();
    const { topic, partition } = place;
    this.parts.metrics.stoppedPartitions.inc({ topic });
    this.parts.onStopped({ topic, partition, offset: worker.claim.nextOffset, reason: stop.message });
    await this.markStopped(place, [worker], stop.message);
  }

  /** Partitions of stopped projections that have room again, since somebody settled what was parked. */
  private async settledStops(): Promise<readonly TopicPartition[]> {
    const { pool, bounds } = this.parts;
    const places: TopicPartition[] = [];
    for (const owned of this.owned.values()) {
      for (const { claim, stop } of owned.workers) {
        if (stop?.bound === 'count' && (await hasRoom(pool, claim, owned, bounds))) places.push(owned);
      }
    }
    return places;
  }

  private async onFault(batch: Batch, owned: Owned, error: unknown): Promise<void> {
    const { batches, stoppedPartitions } = this.parts.metrics;
    for (const projection of this.parts.projections) projection.forget?.();
    if (error instanceof PartitionFencedError) {
      batches.inc({ topic: batch.topic, outcome: 'fenced' });
      return this.standDown(batch);
    }
    if (isDatabaseAway(error)) return batches.inc({ topic: batch.topic, outcome: 'away' });
    batches.inc({ topic: batch.topic, outcome: 'failed' });
    // Each of its projections has said so already.
    if (error instanceof PartitionStoppedError) return;
    if (++owned.faults < faultsUntilStopped || owned.stopped) return;
    owned.stopped = true;
    stoppedPartitions.inc({ topic: batch.topic });
    const reason = error instanceof Error ? error.message : String(error);
    this.parts.onStopped({ topic: batch.topic, partition: batch.partition, offset: batch.firstOffset, reason });
    await this.markStopped(batch, owned.workers, reason);
  }

  private async markStopped(place: TopicPartition, workers: readonly Worker[], reason: string): Promise<void> {
    const claims = workers.map(({ claim }) => claim);
    await checkpointTable
      .markStopped(this.parts.pool, place, claims, reason)
      .catch((error: unknown) => this.parts.logger.warn('Cannot store why a partition stopped', { error }));
  }
}

function advanceOf({ place: { topic, partition }, claim: { projection, version }, nextOffset }: CheckpointMove) {
  return { projection, version, topic, partition, nextOffset };
}

async function isRolledBack(tx: pg.ClientBase): Promise<boolean> {
  return tx.query('ROLLBACK').then(
    () => true,
    () => false,
  );
}

function workersOf(projections: readonly Projection[], claims: readonly Claim[]): readonly Worker[] {
  return projections.flatMap((projection) => {
    const claim = claims.find(({ projection: name, version }) => {
      return name === projection.name && version === projection.version;
    });
    return claim ? [{ projection, claim, parked: new ParkedKeys(), lastMinute: new LastMinute() }] : [];
  });
}

function isOf({ projection: { name, version } }: ProjectionStoppedError) {
  return ({ projection }: Worker) => projection.name === name && projection.version === version;
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

function fieldsOf(batch: Batch) {
  return { topic: batch.topic, partition: batch.partition, offset: batch.firstOffset, next_offset: batch.nextOffset };
}
