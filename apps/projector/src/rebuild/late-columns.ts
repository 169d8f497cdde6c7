import type { TopicPartition } from '@chorda/messaging';
import { isPlanted } from '@chorda/platform';
import type pg from 'pg';
import { quoted } from '../bulk/table.js';

/** A column that a migration has added to a table in use: rows from before have nothing in it but its default. */
export interface LateColumn {
  readonly name: string;
  /** What such rows hold in it, as SQL. */
  readonly empty: string;
  /** Up to which offset of each partition; partitions that are not named have no such rows. */
  readonly until: readonly (TopicPartition & { readonly offset: bigint })[];
}

interface Row extends TopicPartition {
  readonly name: string;
  readonly empty: string;
  readonly until: string;
}

/**
 * The columns of a generation that its code has not filled from the beginning: see migration 0017. One that may not be
 * null and has no default is none, whatever is written of it: no row can lack it.
 */
export async function lateColumnsOf(
  client: pg.ClientBase,
  {
    projection,
    version,
    tableName,
  }: { readonly projection: string; readonly version: number; readonly tableName: string },
): Promise<readonly LateColumn[]> {
  const { rows } = await client.query<Row>(
    `SELECT filled.key AS name, coalesce(pg_get_expr(d.adbin, d.adrelid), 'NULL') AS empty, f.topic, f.partition,
       filled.value #>> '{}' AS until
     FROM filled_columns f CROSS JOIN jsonb_each(f.filled_from) AS filled
     JOIN pg_attribute a ON a.attrelid = $3::regclass AND a.attname = filled.key AND NOT a.attisdropped
     LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE f.projection = $1 AND f.version = $2 AND filled.value <> '0' AND (NOT a.attnotnull OR d.adbin IS NOT NULL)
     ORDER BY a.attnum, f.topic, f.partition`,
    [projection, version, quoted(tableName)],
  );
  return [...new Set(rows.map(({ name }) => name))].map((name) => {
    const own = rows.filter((row) => row.name === name);
    return {
      name,
      empty: own[0]?.empty ?? 'NULL',
      until: own.map(({ topic, partition, until }) => ({ topic, partition, offset: BigInt(until) })),
    };
  });
}

/** Parts of a SELECT over a table `r` that look past what rows from before a column cannot have. */
export interface LenientRows {
  /** The row as text, with a late column empty wherever a row may lack it. */
  readonly row: string;
  /** One for each late column: its value where a row might have lacked it and does not. */
  readonly kept: readonly string[];
  readonly joins: string;
}

/** @param hasPlaces Else its rows are what several events have made, and any of them may be older than the column. */
export function lenientRows(columns: readonly string[], late: readonly LateColumn[], hasPlaces: boolean): LenientRows {
  if (late.length === 0) return { row: 'r::text', kept: [], joins: '' };
  const goesByPlace = hasPlaces && !isPlanted('rebuild-columns-unread');
  const mayLack = (index: number) => (goesByPlace ? `r."offset" < late_${index}.until` : 'true');
  const cells = columns.map((name) => {
    const index = late.findIndex((each) => each.name === name);
    const cell = `r.${quoted(name)}`;
    return index < 0 ? cell : `CASE WHEN ${mayLack(index)} THEN ${late[index]?.empty} ELSE ${cell} END`;
  });
  return {
    row: `ROW(${cells.join(', ')})::text`,
    kept: late.map(({ name, empty }, index) => {
      const cell = `r.${quoted(name)}`;
      return `CASE WHEN ${mayLack(index)} AND ${cell} IS DISTINCT FROM ${empty} THEN ${cell}::text END`;
    }),
    joins: hasPlaces ? late.map(joinOf).join(' ') : '',
  };
}

function joinOf({ until }: LateColumn, index: number): string {
  const places = until.map(({ topic, partition, offset }) => `('${literal(topic)}', ${partition}, ${offset}::bigint)`);
  return `LEFT JOIN (VALUES ${places.join(', ')}) AS late_${index} (topic, partition, until)
    ON late_${index}.topic = r.topic AND late_${index}.partition = r.partition`;
}

function literal(text: string): string {
  return text.replaceAll("'", "''");
}
