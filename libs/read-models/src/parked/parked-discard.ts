import type { EventEnvelope } from '@chorda/contracts';
import { tenantId } from '@chorda/kernel';
import type pg from 'pg';

/** What was given up, and by whom. Its id is that of the event which tells of it. */
export interface ParkedDiscard {
  readonly discardId: string;
  readonly tenantId: string;
  readonly projection: string;
  readonly version: number;
  readonly topic: string;
  readonly partition: number;
  readonly aggregateKey: string;
  readonly firstOffset: bigint;
  readonly lastOffset: bigint;
  /** 0 where only versions that are missing from the log were given up. */
  readonly events: number;
  readonly reason: string;
  readonly discardedBy: string;
  readonly discardedAtMs: number;
}

const service = 'gateway';

/** The event of a discard: the same bytes and id whoever sends it, and however often. */
export function parkedDiscardedEvent(discard: ParkedDiscard): EventEnvelope {
  return {
    event: {
      type: 'system.parked_discarded',
      data: {
        service,
        projection: discard.projection,
        topic: discard.topic,
        partition: discard.partition,
        aggregate_key: discard.aggregateKey,
        first_offset: discard.firstOffset,
        last_offset: discard.lastOffset,
        events: discard.events,
        reason: discard.reason,
        discarded_by: discard.discardedBy,
        instance: null,
        pid: null,
        shares_process: false,
        version: null,
        address: null,
      },
    },
    metadata: {
      id: discard.discardId,
      source: `urn:chorda:service:${service}`,
      subject: service,
      tenantId: tenantId(discard.tenantId),
      timeMs: discard.discardedAtMs,
      correlationId: discard.discardId,
    },
  };
}

interface DiscardRow {
  readonly tenant_id: string;
  readonly discard_id: string;
  readonly projection: string;
  readonly version: number;
  readonly topic: string;
  readonly partition: number;
  readonly aggregate_key: string;
  readonly events: number;
  readonly first_offset: string;
  readonly last_offset: string;
  readonly reason: string;
  readonly discarded_by: string;
  readonly discarded_at: Date;
}

const unannouncedMax = 100;

/** Discards that the log does not tell of yet, oldest first, at most 100. Younger ones are being told of. */
export async function unannouncedDiscards(pool: pg.Pool, olderThanMs: number): Promise<readonly ParkedDiscard[]> {
  const { rows } = await pool.query<DiscardRow>(
    `SELECT tenant_id, discard_id, projection, version, topic, partition, aggregate_key, cardinality(offsets) AS events,
       first_offset, last_offset, reason, discarded_by, discarded_at
     FROM parked_discards WHERE announced_at IS NULL AND discarded_at < now() - $1 * interval '1 millisecond'
     ORDER BY discarded_at LIMIT ${unannouncedMax}`,
    [olderThanMs],
  );
  return rows.map((row) => ({
    discardId: row.discard_id,
    tenantId: row.tenant_id,
    projection: row.projection,
    version: row.version,
    topic: row.topic,
    partition: row.partition,
    aggregateKey: row.aggregate_key,
    firstOffset: BigInt(row.first_offset),
    lastOffset: BigInt(row.last_offset),
    events: row.events,
    reason: row.reason,
    discardedBy: row.discarded_by,
    discardedAtMs: row.discarded_at.getTime(),
  }));
}

/** The log has acknowledged the event. */
export async function markAnnounced(pool: pg.Pool, { tenantId: tenant, discardId }: ParkedDiscard): Promise<void> {
  await pool.query('UPDATE parked_discards SET announced_at = now() WHERE tenant_id = $1 AND discard_id = $2', [
    tenant,
    discardId,
  ]);
}

/** Offsets of a partition that a projection, whichever version, has given up: a rebuild leaves them out. */
export async function discardedOffsets(
  client: pg.ClientBase | pg.Pool,
  projection: string,
  place: { readonly topic: string; readonly partition: number },
): Promise<ReadonlySet<bigint>> {
  const { rows } = await client.query<{ offset: string }>(
    `SELECT unnest(offsets) AS "offset" FROM parked_discards WHERE projection = $1 AND topic = $2 AND partition = $3`,
    [projection, place.topic, place.partition],
  );
  return new Set(rows.map(({ offset }) => BigInt(offset)));
}
