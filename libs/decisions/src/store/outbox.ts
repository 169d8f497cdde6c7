import type pg from 'pg';
import type { PartitionPlace } from './partition-row.js';

/** A record on its way to the brokers. */
export interface OutboxRecord {
  readonly seq: bigint;
  readonly topic: string;
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

interface OutboxRow {
  readonly partition_seq: string;
  readonly tenant_id: string;
  readonly subject: string;
  readonly topic: string;
  readonly value: Buffer;
  readonly headers: string;
}

/**
 * The committed records behind `seq`, in order: what an owner before may not have published. About `limit` of them, and never
 * a part of a command: what it decided goes to the log together.
 */
export async function outboxAfter(
  pool: pg.Pool,
  place: PartitionPlace,
  seq: bigint,
  limit: number,
): Promise<readonly OutboxRecord[]> {
  const records: OutboxRecord[] = [];
  for (;;) {
    const page = await pageAfter(pool, place, records.at(-1)?.seq ?? seq, limit);
    for (const record of page) records.push(record);
    if (page.length < limit) return records;
    const lastId = records.at(-1)?.headers['ce_commandid'];
    const end = records.findLastIndex(({ headers }) => headers['ce_commandid'] !== lastId) + 1;
    if (end > 0) return records.slice(0, end);
  }
}

async function pageAfter(
  pool: pg.Pool,
  { kind, partition }: PartitionPlace,
  seq: bigint,
  limit: number,
): Promise<readonly OutboxRecord[]> {
  const { rows } = await pool.query<OutboxRow>(
    `SELECT partition_seq, tenant_id, subject, topic, value, headers FROM decision_events
     WHERE kind = $1 AND partition = $2 AND partition_seq > $3 ORDER BY partition_seq LIMIT $4`,
    [kind, partition, seq, limit],
  );
  return rows.map((row) => ({
    seq: BigInt(row.partition_seq),
    topic: row.topic,
    key: Buffer.from(`${row.tenant_id}/${row.subject}`),
    value: row.value,
    headers: JSON.parse(row.headers) as Record<string, string>,
  }));
}
