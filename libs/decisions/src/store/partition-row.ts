import type { Logger } from '@chorda/kernel';
import { queryPastOldOwner } from '@chorda/read-models';
import type pg from 'pg';

/** The partition of one kind of aggregate. */
export interface PartitionPlace {
  readonly kind: string;
  readonly partition: number;
}

/** What an owner holds of a partition: where it stands, and the epoch that makes it the owner. */
export interface PartitionClaim extends PartitionPlace {
  readonly epoch: bigint;
  readonly nextCommandOffset: bigint;
  /** Of the next record that is decided, from 1. */
  readonly nextSeq: bigint;
  /** The last record that the brokers are known to have. */
  readonly publishedSeq: bigint;
  /** The next offset of the event topic behind it. */
  readonly publishedOffset: bigint;
}

/** Kafka's ids of the topics: another one says that the topic was deleted and made anew. */
export interface TopicIds {
  readonly commands: string | undefined;
  readonly events: string | undefined;
}

interface PartitionRow {
  readonly epoch: string;
  readonly next_command_offset: string;
  readonly next_partition_seq: string;
  readonly published_seq: string;
  readonly published_offset: string;
}

/**
 * Makes `owner` the owner of the partition: every owner before is fenced from the moment this commits. A row that an old
 * owner has locked in mid-transaction is waited for as long as a transaction may take; then its session is ended.
 */
export async function claimPartition(
  pool: pg.Pool,
  place: PartitionPlace,
  owner: string,
  topics: TopicIds,
  logger: Pick<Logger, 'warn'>,
): Promise<PartitionClaim> {
  const [row] = await queryPastOldOwner<PartitionRow>(
    pool,
    {
      text: `INSERT INTO decision_partitions AS p (kind, partition, epoch, owner, next_command_offset,
          next_partition_seq, published_seq, published_offset, command_topic_id, event_topic_id, claimed_at, updated_at)
        VALUES ($1, $2, 1, $3, 0, 1, 0, 0, $4, $5, now(), now())
        ON CONFLICT (kind, partition) DO UPDATE SET epoch = p.epoch + 1, owner = excluded.owner,
          next_command_offset =
            CASE WHEN p.command_topic_id <> excluded.command_topic_id THEN 0 ELSE p.next_command_offset END,
          published_offset = CASE WHEN p.event_topic_id <> excluded.event_topic_id THEN 0 ELSE p.published_offset END,
          command_topic_id = coalesce(excluded.command_topic_id, p.command_topic_id),
          event_topic_id = coalesce(excluded.event_topic_id, p.event_topic_id),
          claimed_at = now(), updated_at = now()
        RETURNING epoch, next_command_offset, next_partition_seq, published_seq, published_offset`,
      values: [place.kind, place.partition, owner, topics.commands ?? null, topics.events ?? null],
    },
    {
      text: `SELECT xmax FROM decision_partitions WHERE kind = $1 AND partition = $2`,
      values: [place.kind, place.partition],
    },
    logger,
  );
  if (!row) throw new TypeError('A claim answers with its row');
  const { kind, partition } = place;
  return {
    ...{ kind, partition, epoch: BigInt(row.epoch) },
    nextCommandOffset: BigInt(row.next_command_offset),
    nextSeq: BigInt(row.next_partition_seq),
    publishedSeq: BigInt(row.published_seq),
    publishedOffset: BigInt(row.published_offset),
  };
}

/**
 * Writes down what was published when no turn does. A row that stands elsewhere than the claim says, because the database
 * was put back to an older point, is left alone: the log has to be read from where that row says.
 *
 * @returns False for such a row, and where the partition has another owner.
 */
export async function markPublished(pool: pg.Pool, claim: PartitionClaim): Promise<boolean> {
  const { rowCount } = await pool.query(
    `UPDATE decision_partitions SET published_seq = $4, published_offset = $5, updated_at = now(), stopped_reason = NULL
     WHERE kind = $1 AND partition = $2 AND epoch = $3 AND next_partition_seq = $6 AND next_command_offset = $7`,
    [
      ...[claim.kind, claim.partition, claim.epoch, claim.publishedSeq, claim.publishedOffset],
      ...[claim.nextSeq, claim.nextCommandOffset],
    ],
  );
  return rowCount === 1;
}
