import type { TopicPartition } from '@chorda/messaging';
import type pg from 'pg';
import type { Claim } from '../runner/checkpoint-table.js';
import type { AggregateKey } from './aggregate-key.js';

/**
 * What one projection has parked in the partition that it is claimed for, kept in memory, so that a batch asks nothing
 * where nothing is parked. `revision` is that of the checkpoint when it was read: whoever else changes parked sequences
 * raises it under the lock of the checkpoint's row, and then it is read anew.
 */
export class ParkedKeys {
  revision = -1n;
  private sequences = new Map<string, number>();
  private discarded: ReadonlySet<string> = new Set();

  get isEmpty(): boolean {
    return this.sequences.size === 0 && this.discarded.size === 0;
  }

  get sequenceCount(): number {
    return this.sequences.size;
  }

  get eventCount(): number {
    let events = 0;
    for (const count of this.sequences.values()) events += count;
    return events;
  }

  /** Parked events of this aggregate; undefined: none. */
  eventsOf(partition: number, key: AggregateKey): number | undefined {
    return this.sequences.get(`${partition} ${key.text}`);
  }

  isDiscarded(partition: number, offset: bigint): boolean {
    return this.discarded.has(`${partition} ${offset}`);
  }

  /** After the commit that parked them. */
  add(partition: number, key: AggregateKey): void {
    const place = `${partition} ${key.text}`;
    this.sequences.set(place, (this.sequences.get(place) ?? 0) + 1);
  }

  replace(rows: readonly ParkedKeyRow[], discards: readonly DiscardRow[], revision: bigint): void {
    this.sequences = new Map(rows.map((row) => [`${row.partition} ${row.aggregate_key}`, Number(row.events)]));
    this.discarded = new Set(discards.map(({ partition, offset }) => `${partition} ${offset}`));
    this.revision = revision;
  }
}

interface ParkedKeyRow {
  readonly projection: string;
  readonly version: number;
  readonly partition: number;
  readonly aggregate_key: string;
  readonly events: string;
}

interface DiscardRow {
  readonly projection: string;
  readonly partition: number;
  readonly offset: string;
}

/** Whose keys are to be read. */
export interface KeysOfClaim {
  readonly claim: Pick<Claim, 'projection' | 'version' | 'nextOffset'>;
  readonly parked: ParkedKeys;
  readonly revision: bigint;
}

/** Reads what these claims have parked in these partitions, and what was discarded of what they have still to read. */
export async function loadParkedKeys(
  client: pg.ClientBase | pg.Pool,
  topic: string,
  partitions: readonly number[],
  wanted: readonly KeysOfClaim[],
  { fromCheckpoint = true }: { readonly fromCheckpoint?: boolean } = {},
): Promise<void> {
  const names = wanted.map(({ claim }) => claim.projection);
  const sequences = await client.query<ParkedKeyRow>(
    `SELECT projection, version, partition, aggregate_key, events FROM parked_sequences
     JOIN unnest($3::text[], $4::int[]) AS mine (projection, version) USING (projection, version)
     WHERE topic = $1 AND partition = ANY ($2::int[])`,
    [topic, partitions, names, wanted.map(({ claim }) => claim.version)],
  );
  const discards = await client.query<DiscardRow>(
    `SELECT d.projection, d.partition, given."offset"
     FROM unnest($3::text[], $4::bigint[]) AS mine (projection, seen)
     JOIN parked_discards d USING (projection) CROSS JOIN unnest(d.offsets) AS given ("offset")
     WHERE d.topic = $1 AND d.partition = ANY ($2::int[]) AND d.last_offset >= mine.seen AND given."offset" >= mine.seen`,
    [topic, partitions, names, wanted.map(({ claim }) => (fromCheckpoint ? claim.nextOffset : 0n))],
  );
  for (const { claim, parked, revision } of wanted) {
    parked.replace(
      sequences.rows.filter((row) => row.projection === claim.projection && row.version === claim.version),
      discards.rows.filter((row) => row.projection === claim.projection),
      revision,
    );
  }
}

/**
 * Locks the checkpoints of the partitions that redriven records first stood in: while the lock is held their owner writes
 * nothing, so an event that comes late and one that comes in order never fold the same row at once.
 */
export async function lockSources(
  tx: pg.ClientBase,
  claims: readonly Claim[],
  topic: string,
  partitions: readonly number[],
): Promise<void> {
  await tx.query(
    `SELECT FROM checkpoints JOIN unnest($3::text[], $4::int[]) AS mine (projection, version) USING (projection, version)
     WHERE topic = $1 AND partition = ANY ($2::int[]) ORDER BY projection, version, partition FOR UPDATE OF checkpoints`,
    [topic, partitions, claims.map(({ projection }) => projection), claims.map(({ version }) => version)],
  );
}

/** Tells the owners of these partitions that somebody else changed what is parked there. */
export async function raiseRevision(
  tx: pg.ClientBase,
  { projection, version }: Pick<Claim, 'projection' | 'version'>,
  places: readonly TopicPartition[],
): Promise<void> {
  await tx.query(
    `UPDATE checkpoints SET parked_revision = parked_revision + 1
     FROM unnest($3::text[], $4::int[]) AS place (topic, partition)
     WHERE checkpoints.projection = $1 AND checkpoints.version = $2
       AND checkpoints.topic = place.topic AND checkpoints.partition = place.partition`,
    [projection, version, places.map(({ topic }) => topic), places.map(({ partition }) => partition)],
  );
}
