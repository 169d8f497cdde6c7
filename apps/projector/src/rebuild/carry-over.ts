import { ensureDayPartitions, inTransaction, partitionDays } from '@chorda/read-models';
import type pg from 'pg';
import { quoted, type TableShape } from '../bulk/table.js';
import { checkpointTable } from '../runner/checkpoint-table.js';
import { PartitionFencedError } from '../runner/errors.js';
import type { ClaimedPlace } from './rebuild-place.js';

export interface CarryOver {
  /** The live table; each of its rows is one event, with its place in the log. */
  readonly old: string;
  readonly made: TableShape;
}

/**
 * Copies the rows of events that the log no longer has: a history is kept for longer than the topic it was made of, and a
 * rebuild must not lose what only the old table still knows. In one transaction with the checkpoint, like any batch.
 */
export async function carryOver(pool: pg.Pool, place: ClaimedPlace, { old, made }: CarryOver): Promise<void> {
  await ensureDayPartitions(pool, made.name, await partitionDays(pool, old));
  const columns = Object.keys(made.columns).map(quoted).join(', ');
  await inTransaction(pool, async (tx) => {
    if (!(await checkpointTable.advance(tx, place, [place.claim], place.startOffset))) {
      throw new PartitionFencedError(place.topic, place.partition, 'the rebuild of it was taken over');
    }
    await tx.query(
      `INSERT INTO ${quoted(made.name)} (${columns}) SELECT ${columns} FROM ${quoted(old)}
       WHERE topic = $1 AND partition = $2 AND "offset" < $3`,
      [place.topic, place.partition, place.startOffset],
    );
  });
  place.claim.nextOffset = place.startOffset;
}

/** Whether a table's rows stand for single events of the log. */
export function namesPlaces({ columns }: TableShape): boolean {
  return ['topic', 'partition', 'offset'].every((name) => Object.hasOwn(columns, name));
}
