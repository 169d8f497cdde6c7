import type { TopicPartition } from '@chorda/messaging';
import type pg from 'pg';
import type { RebuildPlace } from './rebuild-place.js';

/** How far a rebuild may go in each partition: never past what live has decided. */
export interface Bounds {
  of(place: RebuildPlace): bigint;
}

/**
 * Where the version that is replaced stands. Where nobody applies it any more, because its code is gone, the other
 * projections say how far the records of a partition are decided; where there are none, the log's end does.
 */
export async function readBounds(
  client: pg.ClientBase | pg.Pool,
  projection: string,
  version: number,
  isServed: boolean,
): Promise<Bounds> {
  const { rows } = await client.query<TopicPartition & { own: string | null; others: string | null }>(
    `SELECT topic, partition, max(c.next_offset) FILTER (WHERE c.projection = $1 AND c.version = $2)::text AS own,
       max(c.next_offset) FILTER (WHERE c.projection <> $1)::text AS others
     FROM checkpoints c JOIN projection_generations g USING (projection, version)
     WHERE g.role = 'serving' GROUP BY topic, partition`,
    [projection, version],
  );
  const known = new Map(rows.map((row) => [`${row.topic}/${row.partition}`, row]));
  return {
    of(place) {
      const row = known.get(`${place.topic}/${place.partition}`);
      const own = BigInt(row?.own ?? -1);
      const others = BigInt(row?.others ?? -1);
      if (isServed && own >= 0n) return own;
      // A lane of redrives that nobody has claimed yet holds nothing that was decided.
      if (own < 0n && others < 0n) return place.lane.kind === 'source' && !isServed ? place.endOffset : 0n;
      return own > others ? own : others;
    },
  };
}

export function topicsAndPartitionsOf(rows: readonly TopicPartition[]): ReadonlySet<string> {
  return new Set(rows.map(({ topic, partition }) => `${topic}/${partition}`));
}
