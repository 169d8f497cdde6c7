import { UndecodableRecordError, type AnyEvent } from '@chorda/contracts';
import type { IncomingRecord, Message, SetAsideRecord } from '@chorda/messaging';
import { encodeParkedHeaders } from '@chorda/read-models';
import type pg from 'pg';
import { defineTable } from '../bulk/table.js';
import { defineProjection } from '../runner/define-projection.js';
import type { Projection } from '../runner/projection.js';
import { codec, decision, message, type GivenDecision, type GivenEvent } from '../runner/runner-harness.spec.js';

/** What specs of parking share: a projection whose rows show the order in which they were folded, and poison for it. */

type FoldedEvent = Extract<AnyEvent, { readonly type: 'system.health_check' | 'workflow.paused' }>;

const foldedTable = defineTable({
  name: 'spec_folded',
  key: ['tenant_id', 'aggregate'],
  columns: { tenant_id: 'text', aggregate: 'text', folded: 'text', largest: 'count' },
});

/** Postgres takes no larger figure: a row that it refuses, while the handler is content. */
export const figureMax = 1_000_000;

export async function createFoldedTable(pool: pg.Pool): Promise<void> {
  await pool.query(`CREATE TABLE spec_folded (tenant_id text, aggregate text, folded text NOT NULL,
    largest bigint NOT NULL CHECK (largest <= ${figureMax}), PRIMARY KEY (tenant_id, aggregate))`);
}

/** For a spec that shares its database with others of its file. */
export async function emptyTables(pool: pg.Pool): Promise<void> {
  await pool.query(`TRUNCATE spec_folded, journal_v1, checkpoints, event_identities, event_repeats, stream_versions,
    stream_gaps, parked_sequences, parked_events, parked_discards, dead_lettered_records`);
}

/** @param isMended Its handler takes what an unmended one throws at. */
export function foldedProjection({ isMended = false, name = 'folded', version = 1 } = {}): Projection {
  return defineProjection<FoldedEvent>()({
    name,
    version,
    topics: ['system.events', 'workflow.events'],
    table: foldedTable,
    begin: (_, { metadata }) => ({
      tenant_id: metadata.tenantId,
      aggregate: metadata.subject,
      folded: '',
      largest: 0,
    }),
    evolve: {
      'system.health_check': (row, { data }, { offset }) => {
        if (!isMended && data.alerts.includes('poison')) throw new TypeError(`No status for ${offset}`);
        return { ...row, folded: `${row.folded} ${offset}`, largest: Math.max(row.largest, data.metrics.queue_size) };
      },
      'workflow.paused': (row, _, { offset, metadata }) => ({
        ...row,
        folded: `${row.folded} v${metadata.decision?.streamVersion}@${offset}`,
      }),
    },
  });
}

export async function rowsOf(pool: pg.Pool): Promise<Readonly<Record<string, string>>> {
  const { rows } = await pool.query<{ key: string; folded: string }>(
    `SELECT tenant_id || '/' || aggregate AS key, trim(folded) AS folded FROM spec_folded ORDER BY 1`,
  );
  return Object.fromEntries(rows.map(({ key, folded }) => [key, folded]));
}

/** Of everything that is in the table. */
export async function tableHash(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<{ hash: string }>(
    `SELECT coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text)), '') AS hash FROM spec_folded t`,
  );
  return rows[0]?.hash ?? '';
}

export interface ParkedRow {
  readonly projection: string;
  readonly key: string;
  readonly events: number;
  readonly reason: string;
  readonly message: string;
  readonly offsets: readonly number[];
}

/** What is parked, each sequence with the offsets of its events in their order. */
export async function parkedIn(pool: pg.Pool): Promise<readonly ParkedRow[]> {
  const { rows } = await pool.query<ParkedRow & { events: string; offsets: readonly string[] }>(
    `SELECT projection, aggregate_key AS key, events, reason, error_message AS message, ARRAY(
       SELECT "offset"::text FROM parked_events e WHERE e.tenant_id = s.tenant_id AND e.sequence_id = s.sequence_id
       ORDER BY order_offset, coalesce(stream_version, 9223372036854775807), "offset") AS offsets
     FROM parked_sequences s ORDER BY projection, aggregate_key`,
  );
  return rows.map((row) => ({ ...row, events: Number(row.events), offsets: row.offsets.map(Number) }));
}

const health = (queueSize: number, alert: string) => ({
  status: 'healthy',
  metrics: { cpu_usage: 0.5, memory_usage: 0.25, active_agents: 1, queue_size: queueSize },
  alerts: [alert],
});

type Given = Pick<GivenEvent, 'id' | 'redrivenAt' | 'service' | 'tenant'>;

export function fine(offset: number, service = 'a', more: Given = {}): Message {
  return message({ ...more, offset, service, data: health(1, '') });
}

/** Its handler throws, unless it was mended. */
export function poison(offset: number, service = 'a', more: Given = {}): Message {
  return message({ ...more, offset, service, data: health(1, 'poison') });
}

/** Postgres refuses its row. */
export function refused(offset: number, service = 'a'): Message {
  return message({ offset, service, data: health(figureMax + 1, '') });
}

/** A record that nobody can decode, with its key, as the consumer engine sets it aside. */
export function undecodable(offset: number, service: string | null = 'a'): SetAsideRecord {
  const { record } = fine(offset, service ?? 'a');
  const spoiled: IncomingRecord = {
    ...record,
    key: service === null ? null : record.key,
    value: Buffer.from([7, 7, 7]),
  };
  const error = new UndecodableRecordError('bad_magic', 'the value is not framed');
  return { record: spoiled, origin: spoiled, stage: 'decode', reason: 'bad_magic', error };
}

/** Readable again, as it would be once the schema is known that it was written with. */
export function readableAgain(pool: pg.Pool, good: Message) {
  const { value, headers, offset } = good.record;
  const kept = encodeParkedHeaders(headers);
  return pool.query('UPDATE parked_events SET value = $1, headers = $2 WHERE "offset" = $3', [value, kept, offset]);
}

export function paused(given: GivenDecision): Message {
  return decision(given);
}

export { codec };
