import { newId, tenantId, type TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { inTransaction } from '../database/in-transaction.js';
import { withoutTenant, withTenant } from '../database/with-tenant.js';
import type { ParkedDiscard } from './parked-discard.js';
import { decodeParkedHeaders, type RecordHeaders } from './parked-headers.js';

/** Events of one aggregate that a projection has set aside, in order; the error is that of the first. */
export interface ParkedSequence {
  readonly sequenceId: string;
  readonly projection: string;
  readonly version: number;
  readonly topic: string;
  readonly partition: number;
  readonly aggregateKey: string;
  readonly events: number;
  readonly bytes: number;
  readonly firstOffset: bigint;
  readonly lastOffset: bigint;
  /** `apply`, `data`, `undecodable`, `gap`. */
  readonly reason: string;
  readonly fingerprint: string;
  readonly errorClass: string;
  readonly errorCode: string | undefined;
  readonly errorMessage: string;
  readonly eventType: string | undefined;
  readonly parkedAtMs: number;
  readonly updatedAtMs: number;
  readonly retries: number;
  readonly retriedAtMs: number | undefined;
  readonly retryRequestedAtMs: number | undefined;
}

export interface ParkedEvent {
  readonly offset: bigint;
  readonly streamVersion: bigint | undefined;
  readonly recordTimeMs: number;
  readonly eventId: string | undefined;
  readonly eventType: string | undefined;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
  readonly parkedAtMs: number;
}

/** Sequences of one cause. */
export interface ParkedGroup {
  readonly fingerprint: string;
  readonly reason: string;
  readonly errorClass: string;
  readonly errorCode: string | undefined;
  readonly errorMessage: string;
  readonly eventType: string | undefined;
  readonly sequences: number;
  readonly events: number;
  readonly oldestAtMs: number;
  readonly newestAtMs: number;
}

export interface DiscardRequest {
  readonly reason: string;
  /** Who decided: an id of a key, user or service. */
  readonly by: string;
  /** Up to this event of the sequence; the rest is tried again. Left out: all of it. */
  readonly throughOffset?: bigint | undefined;
  /** Gives up the versions that are missing, and no event. */
  readonly gapOnly?: boolean | undefined;
}

export interface DiscardAnswer {
  readonly discard: ParkedDiscard;
  /** Events of the sequence that are left. */
  readonly left: number;
}

/** Whoever serves retries listens here; the payload says nothing. */
export const parkedChannel = 'chorda_parked';

const groupsMax = 100;

interface SequenceRow {
  readonly sequence_id: string;
  readonly projection: string;
  readonly version: number;
  readonly topic: string;
  readonly partition: number;
  readonly aggregate_key: string;
  readonly events: string;
  readonly bytes: string;
  readonly first_offset: string;
  readonly last_offset: string;
  readonly reason: string;
  readonly fingerprint: string;
  readonly error_class: string;
  readonly error_code: string | null;
  readonly error_message: string;
  readonly event_type: string | null;
  readonly parked_at: Date;
  readonly updated_at: Date;
  readonly retries: number;
  readonly retried_at: Date | null;
  readonly retry_requested_at: Date | null;
}

interface EventRow {
  readonly offset: string;
  readonly stream_version: string | null;
  readonly record_time: Date;
  readonly event_id: string | null;
  readonly event_type: string | null;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Buffer;
  readonly parked_at: Date;
}

/** What is parked, for whoever looks at it and decides about it. */
export class ParkedRepository {
  /** @param pool Of the role that owns the tables: reads drop to the reader role. */
  constructor(private readonly pool: pg.Pool) {}

  /** Whether a projector has made it known; true as long as none has made any known. */
  async isProjection(name: string): Promise<boolean> {
    return withoutTenant(this.pool, async (tx) => {
      const { rows } = await tx.query<{ known: boolean }>(
        `SELECT EXISTS (SELECT FROM projections WHERE name = $1) OR NOT EXISTS (SELECT FROM projections) AS known`,
        [name],
      );
      return rows[0]?.known === true;
    });
  }

  /** By cause, the one with the most sequences first; at most 100. */
  async groups(tenant: TenantId, projection: string): Promise<readonly ParkedGroup[]> {
    return withTenant(this.pool, tenant, async (tx) => {
      const { rows } = await tx.query<SequenceRow & { sequences: string; oldest_at: Date; newest_at: Date }>(
        `SELECT fingerprint, min(reason) AS reason, min(error_class) AS error_class, min(error_code) AS error_code,
           min(error_message) AS error_message, min(event_type) AS event_type, count(*) AS sequences,
           sum(events) AS events, min(parked_at) AS oldest_at, max(parked_at) AS newest_at
         FROM parked_sequences WHERE tenant_id = $1 AND projection = $2
         GROUP BY fingerprint ORDER BY count(*) DESC, fingerprint LIMIT ${groupsMax}`,
        [tenant, projection],
      );
      return rows.map((row) => ({
        fingerprint: row.fingerprint,
        reason: row.reason,
        errorClass: row.error_class,
        errorCode: row.error_code ?? undefined,
        errorMessage: row.error_message,
        eventType: row.event_type ?? undefined,
        sequences: Number(row.sequences),
        events: Number(row.events),
        oldestAtMs: row.oldest_at.getTime(),
        newestAtMs: row.newest_at.getTime(),
      }));
    });
  }

  async find(tenant: TenantId, projection: string, sequenceId: string): Promise<ParkedSequence | undefined> {
    return withTenant(this.pool, tenant, async (tx) => {
      const { rows } = await tx.query<SequenceRow>(
        'SELECT * FROM parked_sequences WHERE tenant_id = $1 AND projection = $2 AND sequence_id = $3',
        [tenant, projection, sequenceId],
      );
      return rows[0] && toSequence(rows[0]);
    });
  }

  /** The first events of a sequence, as they will be applied, behind the first `skip` of them. */
  async events(tenant: TenantId, sequenceId: string, skip: number, limit: number): Promise<readonly ParkedEvent[]> {
    return withTenant(this.pool, tenant, async (tx) => {
      const { rows } = await tx.query<EventRow>(
        `SELECT "offset", stream_version, record_time, event_id, event_type, key, value, headers, parked_at
         FROM parked_events WHERE tenant_id = $1 AND sequence_id = $2 ORDER BY ${orderInSequence} LIMIT $3 OFFSET $4`,
        [tenant, sequenceId, limit, skip],
      );
      return rows.map(toEvent);
    });
  }

  /**
   * Asks for a retry of one sequence, or of all of a projection that have the fingerprint. The projector that holds the
   * partition serves it.
   *
   * @returns How many sequences were found.
   */
  async requestRetry(
    tenant: TenantId,
    projection: string,
    which: { readonly sequenceId: string } | { readonly fingerprint: string | undefined },
    by: string,
  ): Promise<number> {
    const sequenceId = 'sequenceId' in which ? which.sequenceId : null;
    const fingerprint = 'fingerprint' in which ? (which.fingerprint ?? null) : null;
    const { rowCount } = await this.pool.query(
      `UPDATE parked_sequences SET retry_requested_at = coalesce(retry_requested_at, now()), retry_requested_by = $5
       WHERE tenant_id = $1 AND projection = $2 AND ($3::text IS NULL OR sequence_id = $3)
         AND ($4::text IS NULL OR fingerprint = $4)`,
      [tenant, projection, sequenceId, fingerprint, by],
    );
    if (rowCount) await this.ring();
    return rowCount ?? 0;
  }

  /**
   * Gives events up, from the first of the sequence on; what is left is tried again. Live projections pass over what was
   * given up from then on, and so does every rebuild. The caller sends the event and says so by `markAnnounced`; where it
   * does not come to that, a projector does.
   *
   * @returns Undefined where there is no such sequence, or no such event in it.
   */
  async discard(
    tenant: TenantId,
    projection: string,
    sequenceId: string,
    request: DiscardRequest,
  ): Promise<DiscardAnswer | undefined> {
    const found = await this.find(tenant, projection, sequenceId);
    if (!found) return undefined;
    const answer = await inTransaction(this.pool, async (tx) => {
      // Before anything else, as the partition's owner does: it then reads anew what is parked, and so do other versions.
      await tx.query(
        `UPDATE checkpoints SET parked_revision = parked_revision + 1 WHERE (projection, version, topic, partition) IN (
           SELECT projection, version, topic, partition FROM checkpoints
           WHERE projection = $1 AND topic = $2 AND partition = $3 ORDER BY version FOR UPDATE)`,
        [projection, found.topic, found.partition],
      );
      return discardFront(tx, tenant, found, request);
    });
    if (answer) await this.ring();
    return answer;
  }

  private async ring(): Promise<void> {
    await this.pool.query('SELECT pg_notify($1, $2)', [parkedChannel, '']);
  }
}

/** A version that came late stands before the one that it was missing in front of. */
const orderInSequence = `order_offset, coalesce(stream_version, 9223372036854775807), "offset"`;

async function discardFront(
  tx: pg.ClientBase,
  tenant: TenantId,
  found: ParkedSequence,
  { reason, by, throughOffset, gapOnly = false }: DiscardRequest,
): Promise<DiscardAnswer | undefined> {
  const { sequenceId } = found;
  const waiting = await tx.query<{ offset: string }>(
    `SELECT "offset" FROM parked_events WHERE tenant_id = $1 AND sequence_id = $2 ORDER BY ${orderInSequence}`,
    [tenant, sequenceId],
  );
  const offsets = waiting.rows.map(({ offset }) => BigInt(offset));
  const last = throughOffset === undefined ? offsets.length - 1 : offsets.indexOf(throughOffset);
  const [front] = offsets;
  if (last < 0 || front === undefined || (gapOnly && found.reason !== 'gap')) return undefined;
  const given = gapOnly ? [] : offsets.slice(0, last + 1);
  const next = offsets[given.length];
  const discard = await saveDiscard(tx, tenant, found, { offsets: given, front, reason, by });
  await tx.query(
    'DELETE FROM parked_events WHERE tenant_id = $1 AND sequence_id = $2 AND "offset" = ANY ($3::bigint[])',
    [tenant, sequenceId, given],
  );
  await acceptGaps(tx, tenant, found, { until: next, reason, by });
  await tx.query(
    `UPDATE parked_sequences SET events = $3, first_offset = coalesce($4, first_offset), retry_requested_at = now(),
       retry_requested_by = $5, updated_at = now(), bytes = (SELECT coalesce(sum(coalesce(octet_length(value), 0)
         + coalesce(octet_length(key), 0)), 0) FROM parked_events WHERE tenant_id = $1 AND sequence_id = $2)
     WHERE tenant_id = $1 AND sequence_id = $2`,
    [tenant, sequenceId, offsets.length - given.length, next, by],
  );
  await tx.query('DELETE FROM parked_sequences WHERE tenant_id = $1 AND sequence_id = $2 AND events = 0', [
    tenant,
    sequenceId,
  ]);
  return { discard, left: offsets.length - given.length };
}

async function saveDiscard(
  tx: pg.ClientBase,
  tenant: TenantId,
  found: ParkedSequence,
  given: { readonly offsets: readonly bigint[]; readonly front: bigint; readonly reason: string; readonly by: string },
): Promise<ParkedDiscard> {
  const { offsets, front, reason, by } = given;
  const firstOffset = offsets.reduce((least, offset) => (offset < least ? offset : least), offsets[0] ?? front);
  const lastOffset = offsets.reduce((most, offset) => (offset > most ? offset : most), firstOffset);
  const { projection, version, topic, partition, aggregateKey } = found;
  const discardId = newId();
  const { rows } = await tx.query<{ at: Date }>(
    `INSERT INTO parked_discards (tenant_id, discard_id, projection, version, topic, partition, aggregate_key, offsets,
       first_offset, last_offset, reason, discarded_by, discarded_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8::bigint[], $9, $10, $11, $12, date_trunc('milliseconds', now()))
     RETURNING discarded_at AS at`,
    [
      tenant,
      discardId,
      projection,
      version,
      topic,
      partition,
      aggregateKey,
      offsets,
      firstOffset,
      lastOffset,
      reason,
      by,
    ],
  );
  const place = { projection, version, topic, partition, aggregateKey, firstOffset, lastOffset };
  const discardedAtMs = rows[0]?.at.getTime() ?? 0;
  return {
    discardId,
    tenantId: tenantId(tenant),
    ...place,
    events: offsets.length,
    reason,
    discardedBy: by,
    discardedAtMs,
  };
}

/** Versions that were missing in front of what was given up, or of what is now the front, hold nobody up any more. */
async function acceptGaps(
  tx: pg.ClientBase,
  tenant: TenantId,
  { topic, aggregateKey }: ParkedSequence,
  { until, reason, by }: { readonly until: bigint | undefined; readonly reason: string; readonly by: string },
): Promise<void> {
  await tx.query(
    `UPDATE stream_gaps SET accepted_at = now(), accepted_by = $5, reason = $6
     WHERE tenant_id = $1 AND topic = $2 AND stream = $3 AND accepted_at IS NULL
       AND ($4::bigint IS NULL OR found_offset <= $4)`,
    [tenant, topic, aggregateKey.slice(tenant.length + 1), until ?? null, by, reason],
  );
}

export function toSequence(row: SequenceRow): ParkedSequence {
  return {
    sequenceId: row.sequence_id,
    projection: row.projection,
    version: row.version,
    topic: row.topic,
    partition: row.partition,
    aggregateKey: row.aggregate_key,
    events: Number(row.events),
    bytes: Number(row.bytes),
    firstOffset: BigInt(row.first_offset),
    lastOffset: BigInt(row.last_offset),
    reason: row.reason,
    fingerprint: row.fingerprint,
    errorClass: row.error_class,
    errorCode: row.error_code ?? undefined,
    errorMessage: row.error_message,
    eventType: row.event_type ?? undefined,
    parkedAtMs: row.parked_at.getTime(),
    updatedAtMs: row.updated_at.getTime(),
    retries: row.retries,
    retriedAtMs: row.retried_at?.getTime(),
    retryRequestedAtMs: row.retry_requested_at?.getTime(),
  };
}

function toEvent(row: EventRow): ParkedEvent {
  return {
    offset: BigInt(row.offset),
    streamVersion: row.stream_version === null ? undefined : BigInt(row.stream_version),
    recordTimeMs: row.record_time.getTime(),
    eventId: row.event_id ?? undefined,
    eventType: row.event_type ?? undefined,
    key: row.key,
    value: row.value,
    headers: decodeParkedHeaders(row.headers),
    parkedAtMs: row.parked_at.getTime(),
  };
}
