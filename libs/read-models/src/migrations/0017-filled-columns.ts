import type { Migration } from './migration.js';

/**
 * From which offset on the code that fills a generation has filled each of its columns, by partition. 0: all its rows.
 * A column that a migration adds to a table in use is empty in the rows from before; who compares such a table with one
 * that newer code has filled must know which rows those are. `owner_epoch` is that of the claim that wrote the row:
 * where the checkpoint's is further by more than one, code that does not keep this table has filled in between.
 *
 * What stands in a checkpoint already was filled with the columns that its table has now. All of them but `stream` of the
 * journal, which 0024 adds: where that came first, its rows up to here may lack it.
 */
export const filledColumns: Migration = {
  id: '0017',
  name: 'filled-columns',
  statements: [
    `CREATE TABLE filled_columns (
       projection text NOT NULL,
       version integer NOT NULL,
       topic text NOT NULL,
       partition integer NOT NULL,
       owner_epoch bigint NOT NULL,
       filled_from jsonb NOT NULL,
       PRIMARY KEY (projection, version, topic, partition)
     )`,
    `INSERT INTO filled_columns
     SELECT c.projection, c.version, c.topic, c.partition, c.owner_epoch, coalesce((
       SELECT jsonb_object_agg(attname,
         CASE WHEN c.projection = 'journal' AND attname = 'stream' THEN c.next_offset ELSE 0 END)
       FROM pg_attribute WHERE attrelid = to_regclass(g.table_name) AND attnum > 0 AND NOT attisdropped), '{}')
     FROM checkpoints c JOIN projection_generations g USING (projection, version)`,
  ],
};
