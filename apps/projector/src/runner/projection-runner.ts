import type { Logger } from '@chorda/kernel';
import {
  redriveTopic,
  type Batch,
  type BatchHandler,
  type CheckpointStore,
  type Message,
  type OperationRecorder,
  type Outcomes,
  type TopicPartition,
} from '@chorda/messaging';
import { crashPoint, isPlanted } from '@chorda/platform';
import type pg from 'pg';
import type { AdvanceNotifier } from './advance-notifier.js';
import { checkpointTable, type Claim } from './checkpoint-table.js';
import { isDatabaseAway, PartitionFencedError, PartitionNotClaimedError } from './errors.js';
import type { ProjectionMetrics } from './projection-metrics.js';
import type { Projection } from './projection.js';
import { withoutApplied, type VersionGap } from './stream-versions.js';
import { traceRows } from './trace-rows.js';

export interface RunnerParts {
  /** Sessions with `transaction_timeout`, of the role that owns the tables. */
  readonly pool: pg.Pool;
  readonly projections: readonly Projection[];
  /** The consumer group; its redrive topics feed the projections of their sources. */
  readonly group: string;
  /** Names this process in the checkpoints. */
  readonly owner: string;
  readonly notifier: AdvanceNotifier;
  readonly metrics: ProjectionMetrics;
  /** For the self reports: `projection.commit`. */
  readonly operations: Pick<OperationRecorder, 'record'>;
  readonly logger: Logger;
  /** Kafka's id of a topic, to notice one that was made anew. */
  readonly topicId: (topic: string) => Promise<string | undefined>;
  /** The checkpoint stands elsewhere than this process thought: partitions must be claimed anew. */
  readonly onFenced: () => void;
  /** A partition stands still, told once for each stop. */
  readonly onStopped: (stop: PartitionStop) => void;
  /** Decisions were applied before which versions of their streams were missing. */
  readonly onGaps: (gaps: readonly VersionGap[]) => void;
}

export interface PartitionStop extends TopicPartition {
  readonly offset: bigint;
  readonly reason: string;
}

interface Owned extends TopicPartition {
  readonly claims: readonly Claim[];
  /** Faults in a row that are not Postgres being away. */
  faults: number;
  stopped: boolean;
}

/** From the third fault in a row on, a partition counts as stopped: the first ones may be a conflict of the moment. */
const faultsUntilStopped = 3;

/**
 * Applies batches to all projections of a partition: rows, repeats and checkpoints in one transaction, or none of it.
 *
 * A partition is
 * - claimed (entered by `claim`, which raises the epoch of its checkpoints): batches are written;
 * - fenced (its checkpoint says something else than the claim): nothing is written until it is claimed anew;
 * - released: nothing is written.
 *
 * Whatever goes wrong is thrown to the consumer engine, which waits and brings the batch again: nothing is skipped, and
 * nothing is set aside for a database that is slow or away.
 */
export class ProjectionRunner implements BatchHandler, CheckpointStore {
  private readonly owned = new Map<string, Owned>();

  constructor(private readonly parts: RunnerParts) {}

  async claim(place: TopicPartition): Promise<bigint> {
    const { pool, owner, logger } = this.parts;
    const projections = this.parts.projections.filter((projection) => this.reads(projection, place.topic));
    const topicId = await this.parts.topicId(place.topic);
    const { claims, recreated } = await checkpointTable.claim(pool, place, projections, owner, topicId, logger);
    if (recreated) {
      logger.error('The topic was deleted and made anew: reading it from its start', {
        topic: place.topic,
        partition: place.partition,
      });
    }
    const { topic, partition } = place;
    this.owned.set(keyOf(place), { topic, partition, claims, faults: 0, stopped: false });
    // The projection that is furthest behind says where to begin; the others pass over what they have.
    return claims.map(({ nextOffset }) => nextOffset).reduce((least, offset) => (offset < least ? offset : least));
  }

  async release(place: TopicPartition): Promise<void> {
    const owned = this.owned.get(keyOf(place));
    if (owned?.stopped) this.parts.metrics.stoppedPartitions.dec({ topic: place.topic });
    this.owned.delete(keyOf(place));
  }

  /** A partition without traffic writes nothing that would tell it that its claim is lost: this asks for all of them. */
  async lookAfterClaims(): Promise<void> {
    const before = new Map(this.owned);
    const held = [...before.values()].flatMap(({ topic, partition, claims }) =>
      claims.map((claim) => ({ topic, partition, claim })),
    );
    if (held.length === 0) return;
    const lost = await checkpointTable.lost(this.parts.pool, held);
    // What was given back or claimed anew while the database was asked is another claim than the one it was asked about.
    const still = lost.filter((place) => this.owned.get(keyOf(place)) === before.get(keyOf(place)));
    if (still.length === 0) return;
    this.parts.logger.warn('Checkpoints stand before what was committed: somebody claimed them, or restored a backup', {
      partitions: still.map(keyOf).slice(0, 20),
    });
    for (const place of still) await this.standDown(place);
  }

  async handleBatch(batch: Batch): Promise<Outcomes> {
    const owned = this.owned.get(keyOf(batch));
    if (owned === undefined) throw new PartitionNotClaimedError(batch.topic, batch.partition);
    const behind = owned.claims.filter(({ nextOffset }) => nextOffset < batch.nextOffset);
    if (behind.length === 0) return batch.allDone();
    const { metrics, operations } = this.parts;
    const startedMs = performance.now();
    try {
      await this.apply(batch, behind);
    } catch (error) {
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
    return topics.some((source) => source === topic || redriveTopic(source, this.parts.group) === topic);
  }

  private async apply(batch: Batch, claims: readonly Claim[]): Promise<void> {
    const { pool, projections, notifier } = this.parts;
    const working = projections.flatMap((projection) => {
      const claim = claims.find(({ projection: name }) => name === projection.name);
      return claim ? [{ projection, claim }] : [];
    });
    for (const { projection } of working) await projection.prepare?.(pool, batch.messages);
    const startMs = Date.now();
    const tx = await this.begin();
    let isLost = true;
    let counts: readonly (() => void)[] = [];
    try {
      if (!(await checkpointTable.advance(tx, batch, claims, batch.nextOffset))) {
        await tx.query('ROLLBACK');
        isLost = false;
        return await this.afterRefusal(batch, claims);
      }
      if (isPlanted('checkpoint-before-rows')) await tx.query('COMMIT; BEGIN');
      crashPoint('before-rows');
      counts = await this.writeRows(tx, batch.messages, working);
      crashPoint('before-commit');
      await tx.query('COMMIT');
      isLost = false;
      crashPoint('after-commit');
    } finally {
      // Without a COMMIT or ROLLBACK that was answered the session's state is unknown: it is closed, which rolls back.
      tx.release(isLost);
    }
    for (const claim of claims) claim.nextOffset = batch.nextOffset;
    for (const count of counts) count();
    const { topic, partition, nextOffset } = batch;
    notifier.notify(claims.map(({ projection, version }) => ({ projection, version, topic, partition, nextOffset })));
    traceRows(batch, startMs);
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

  /** @returns What to count once it is committed. */
  private async writeRows(
    tx: pg.ClientBase,
    messages: readonly Message[],
    working: readonly { readonly projection: Projection; readonly claim: Claim }[],
  ): Promise<readonly (() => void)[]> {
    const { events, versionGaps } = this.parts.metrics;
    const { first, repeats, gaps } = await withoutApplied(tx, messages);
    const counts: (() => void)[] = [];
    for (const { projection, claim } of working) {
      const unapplied = first.filter(({ record }) => record.offset >= claim.nextOffset);
      const applied = await projection.apply(tx, unapplied);
      crashPoint(`after-rows-${projection.name}`);
      const count = (result: string, by: number) => () => events.inc({ projection: projection.name, result }, by);
      counts.push(count('applied', applied), count('ignored', unapplied.length - applied));
      counts.push(count('repeat', repeats.length));
    }
    for (const { topic } of gaps) counts.push(() => versionGaps.inc({ topic }));
    if (gaps.length > 0) counts.push(() => this.parts.onGaps(gaps));
    return counts;
  }

  /**
   * The checkpoints do not stand where the claims say. Either an earlier try of this very batch was committed and the
   * answer was lost with its connection: then it is done. Or somebody else moved them: then this owner stands down.
   */
  private async afterRefusal(batch: Batch, claims: readonly Claim[]): Promise<void> {
    const standing = await checkpointTable.standing(this.parts.pool, batch, claims);
    if (standing.every((offset) => offset === batch.nextOffset)) {
      for (const claim of claims) claim.nextOffset = batch.nextOffset;
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

  private async onFault(batch: Batch, owned: Owned, error: unknown): Promise<void> {
    const { batches, stoppedPartitions } = this.parts.metrics;
    for (const projection of this.parts.projections) projection.forget?.();
    if (error instanceof PartitionFencedError) {
      batches.inc({ topic: batch.topic, outcome: 'fenced' });
      return this.standDown(batch);
    }
    if (isDatabaseAway(error)) return batches.inc({ topic: batch.topic, outcome: 'away' });
    batches.inc({ topic: batch.topic, outcome: 'failed' });
    if (++owned.faults < faultsUntilStopped || owned.stopped) return;
    owned.stopped = true;
    stoppedPartitions.inc({ topic: batch.topic });
    const reason = error instanceof Error ? error.message : String(error);
    this.parts.onStopped({ topic: batch.topic, partition: batch.partition, offset: batch.firstOffset, reason });
    await checkpointTable
      .markStopped(this.parts.pool, batch, owned.claims, reason)
      .catch((markError: unknown) =>
        this.parts.logger.warn('Cannot store why a partition stopped', { error: markError }),
      );
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

function fieldsOf(batch: Batch) {
  return { topic: batch.topic, partition: batch.partition, offset: batch.firstOffset, next_offset: batch.nextOffset };
}
