import type { Logger } from '@chorda/kernel';
import type { TopicPartition } from '@chorda/messaging';
import { queryPastOldOwner as queryPast } from '@chorda/read-models';
import type pg from 'pg';

/** Runs a statement on the checkpoints of a partition that waits for their old owners, and for no longer than that. */
export function queryPastOldOwner<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  { topic, partition }: TopicPartition,
  statement: pg.QueryConfig,
  logger: Pick<Logger, 'warn'>,
): Promise<readonly Row[]> {
  const held = {
    text: 'SELECT xmax FROM checkpoints WHERE topic = $1 AND partition = $2',
    values: [topic, partition],
  };
  return queryPast<Row>(pool, statement, held, logger);
}
