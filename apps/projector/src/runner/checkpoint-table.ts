import type { Logger } from '@chorda/kernel';
import type { TopicPartition } from '@chorda/messaging';
import { isPlanted } from '@chorda/platform';
import type pg from 'pg';
import { queryPastOldOwner } from './past-old-owner.js';
import type { Projection } from './projection.js';

/** What this process holds of one projection's checkpoint in one partition. */
export interface Claim {
  readonly projection: string;
  readonly version: number;
  readonly epoch: bigint;
  nextOffset: bigint;
}

/** From where a claim stands to `nextOffset`. */
export interface CheckpointMove {
  readonly place: TopicPartition;
  readonly claim: Claim;
  readonly nextOffset: bigint;
}

interface CheckpointRow {
  readonly projection: string;
  readonly version: number;
  readonly next_offset: string;
  readonly owner_epoch: string;
  readonly topic_id: string | null;
  readonly parked_revision: string;
}

/** All statements on the checkpoints. Each moves a row only where it still says what the caller read before. */
export const checkpointTable = {
  /** Makes the projections known to readers, who wait for those of their topics. A live version is never set back. */
  async register(pool: pg.Pool, projections: readonly Projection[]): Promise<void> {
    for (const { name, version, topics } of projections) {
      await pool.query(
        `INSERT INTO projections (name, live_version, topics) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET topics = excluded.topics WHERE projections.topics <> excluded.topics`,
        [name, version, topics],
      );
    }
  },

  /**
   * Takes the partition for these projections: every owner before is fenced from the moment this commits. A row that
   * an old owner has locked in mid-transaction is waited for as long as a transaction may take, and no longer: then the
   * session that holds it is ended. From where on this code fills which columns is written down with it: see migration
   * 0017.
   *
   * @param topicId When it differs from the stored one, the topic was made anew and is read from its start; versions
   *   that were counted in it speak of another log, and are forgotten. What was parked of it is kept, at offsets below
   *   zero, before all that the new log brings.
   */
  async claim(
    pool: pg.Pool,
    place: TopicPartition,
    projections: readonly Projection[],
    owner: string,
    topicId: string | undefined,
    logger: Pick<Logger, 'warn'>,
  ): Promise<{ readonly claims: readonly Claim[]; readonly recreated: boolean }> {
    const names = projections.map(({ name }) => name);
    const versions = projections.map(({ version }) => version);
    const text = `WITH before AS (
         SELECT projection, version, topic_id FROM checkpoints
         WHERE topic = $3 AND partition = $4 AND projection = ANY ($1)
       ), claimed AS (
         INSERT INTO checkpoints AS c
           (projection, version, topic, partition, next_offset, owner_epoch, owner, topic_id, updated_at)
         SELECT name, version, $3, $4, 0, 1, $5, $6, now() FROM unnest($1::text[], $2::int[]) AS p (name, version)
         ORDER BY name, version
         ON CONFLICT (projection, version, topic, partition) DO UPDATE SET
           owner_epoch = c.owner_epoch + 1, owner = excluded.owner, updated_at = now(),
           next_offset = CASE WHEN c.topic_id <> excluded.topic_id THEN 0 ELSE c.next_offset END,
           topic_id = coalesce(excluded.topic_id, c.topic_id)
         RETURNING projection, version, next_offset, owner_epoch, topic_id
       ), forgotten AS (
         DELETE FROM stream_versions WHERE topic = $3 AND partition = $4
           AND EXISTS (SELECT FROM before WHERE topic_id <> $6)
       ), forgotten_gaps AS (
         DELETE FROM stream_gaps WHERE topic = $3 AND partition = $4
           AND EXISTS (SELECT FROM before WHERE topic_id <> $6)
       ), kept_apart AS (
         UPDATE parked_events SET "offset" = "offset" - 4611686018427387904, order_offset = order_offset - 4611686018427387904
         WHERE topic = $3 AND partition = $4 AND "offset" >= 0 AND EXISTS (SELECT FROM before WHERE topic_id <> $6)
       ), filled AS (
         INSERT INTO filled_columns AS f (projection, version, topic, partition, owner_epoch, filled_from)
         SELECT projection, version, $3, $4, owner_epoch, (
           SELECT coalesce(jsonb_object_agg(name, next_offset), '{}')
           FROM jsonb_array_elements_text(mine.columns::jsonb) AS name)
         FROM claimed JOIN unnest($1::text[], $2::int[], $7::text[]) AS mine (projection, version, columns)
           USING (projection, version)
         ORDER BY projection, version
         ON CONFLICT (projection, version, topic, partition) DO UPDATE SET owner_epoch = excluded.owner_epoch,
           filled_from = (
             SELECT coalesce(jsonb_object_agg(name, CASE
               WHEN f.filled_from -> name = '0' OR f.filled_from ? name AND f.owner_epoch + 1 = excluded.owner_epoch
                 THEN f.filled_from -> name
               ELSE excluded.filled_from -> name END), '{}')
             FROM jsonb_object_keys(excluded.filled_from) AS name)
       )
       SELECT claimed.*, coalesce(before.topic_id <> claimed.topic_id, false) AS recreated
       FROM claimed LEFT JOIN before USING (projection, version)`;
    const columns = projections.map(({ table }) => JSON.stringify(Object.keys(table.columns)));
    const values = [names, versions, place.topic, place.partition, owner, topicId ?? null, columns];
    type Row = CheckpointRow & { readonly recreated: boolean };
    const rows = await queryPastOldOwner<Row>(pool, place, { text, values }, logger);
    const claims = rows.map((row) => ({
      projection: row.projection,
      version: row.version,
      epoch: BigInt(row.owner_epoch),
      nextOffset: BigInt(row.next_offset),
    }));
    return { claims, recreated: rows.some((row) => row.recreated) };
  },

  /**
   * The first statement of a batch's transaction: moves the checkpoints, and by it locks their rows, so that a new
   * owner's claim waits for this commit and a stale owner learns that it is one before it writes anything.
   *
   * @returns Undefined where one of them stood elsewhere than the claims say, or had another epoch. Else how often others
   *   have changed what each projection has parked, in the order of the claims.
   */
  advance(
    tx: pg.ClientBase,
    place: TopicPartition,
    claims: readonly Claim[],
    nextOffset: bigint,
  ): Promise<readonly bigint[] | undefined> {
    return checkpointTable.advanceAll(
      tx,
      claims.map((claim) => ({ place, claim, nextOffset })),
    );
  },

  /** The same for several partitions: all of them move, or the caller rolls back. */
  async advanceAll(tx: pg.ClientBase, moves: readonly CheckpointMove[]): Promise<readonly bigint[] | undefined> {
    const { rows } = await tx.query<{ nth: string; parked_revision: string }>({
      name: 'advance checkpoints',
      // Locked in the order of the key first, as all who lock several do: an update alone takes them in any order, and
      // two of those can wait for each other.
      text: `WITH mine AS (
          SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[])
            WITH ORDINALITY AS given (projection, version, topic, partition, seen, epoch, next_offset, nth)
        ), held AS (
          SELECT mine.* FROM mine JOIN checkpoints c USING (projection, version, topic, partition)
          ORDER BY projection, topic, partition, version FOR UPDATE OF c
        )
        UPDATE checkpoints c SET next_offset = held.next_offset, updated_at = now(), advanced_at = now(),
          stopped_reason = NULL
        FROM held
        WHERE c.projection = held.projection AND c.version = held.version AND c.topic = held.topic
          AND c.partition = held.partition
          ${isPlanted('no-offset-check') ? '' : 'AND c.next_offset = held.seen'}
          ${isPlanted('no-epoch') ? '' : 'AND c.owner_epoch = held.epoch'}
        RETURNING held.nth, c.parked_revision`,
      values: [
        moves.map(({ claim }) => claim.projection),
        moves.map(({ claim }) => claim.version),
        moves.map(({ place }) => place.topic),
        moves.map(({ place }) => place.partition),
        moves.map(({ claim }) => claim.nextOffset),
        moves.map(({ claim }) => claim.epoch),
        moves.map(({ nextOffset }) => nextOffset),
      ],
    });
    if (rows.length !== moves.length) return undefined;
    const revisions = new Map(rows.map((row) => [Number(row.nth), BigInt(row.parked_revision)]));
    return moves.map((_, index) => revisions.get(index + 1) ?? -1n);
  },

  /** Where the rows of these claims stand now; undefined for one that is gone or has another owner. */
  async standing(
    client: pg.ClientBase | pg.Pool,
    place: TopicPartition,
    claims: readonly Claim[],
  ): Promise<readonly (bigint | undefined)[]> {
    const { rows } = await client.query<CheckpointRow>(
      `SELECT projection, version, next_offset, owner_epoch FROM checkpoints WHERE topic = $1 AND partition = $2`,
      [place.topic, place.partition],
    );
    return claims.map((claim) => {
      const row = rows.find(({ projection, version }) => projection === claim.projection && version === claim.version);
      return row && BigInt(row.owner_epoch) === claim.epoch ? BigInt(row.next_offset) : undefined;
    });
  },

  /**
   * Which of these partitions have a checkpoint that is gone, has another owner's epoch, or stands before what this
   * process has committed: somebody claimed them, or the database was put back to an older point. A checkpoint that is
   * further is none: its batch was committed while this was asked.
   */
  async lost(
    pool: pg.Pool,
    held: readonly (TopicPartition & { readonly claim: Readonly<Claim> })[],
  ): Promise<readonly TopicPartition[]> {
    const { rows } = await pool.query<{ topic: string; partition: number }>(
      `SELECT DISTINCT mine.topic, mine.partition
       FROM unnest($1::text[], $2::int[], $3::text[], $4::int[], $5::bigint[], $6::bigint[])
         AS mine (projection, version, topic, partition, epoch, seen)
       LEFT JOIN checkpoints c USING (projection, version, topic, partition)
       WHERE c.owner_epoch IS DISTINCT FROM mine.epoch OR c.next_offset < mine.seen`,
      [
        held.map(({ claim }) => claim.projection),
        held.map(({ claim }) => claim.version),
        held.map(({ topic }) => topic),
        held.map(({ partition }) => partition),
        held.map(({ claim }) => claim.epoch),
        held.map(({ claim }) => claim.nextOffset),
      ],
    );
    return rows;
  },

  /** Says why the partition stands still, for readers who wait; the next batch that goes through clears it. */
  async markStopped(pool: pg.Pool, place: TopicPartition, claims: readonly Claim[], reason: string): Promise<void> {
    await pool.query(
      `UPDATE checkpoints c SET stopped_reason = $5, updated_at = now()
       FROM unnest($1::text[], $2::int[], $6::bigint[]) AS mine (projection, version, epoch)
       WHERE c.projection = mine.projection AND c.version = mine.version AND c.owner_epoch = mine.epoch
         AND c.topic = $3 AND c.partition = $4`,
      [
        claims.map(({ projection }) => projection),
        claims.map(({ version }) => version),
        place.topic,
        place.partition,
        reason.slice(0, 1_000),
        claims.map(({ epoch }) => epoch),
      ],
    );
  },
};
