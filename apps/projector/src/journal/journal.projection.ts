import { knownEventTypes, dataSchemaOf, topicsOf } from '@chorda/contracts';
import type { IncomingRecord, Message } from '@chorda/messaging';
import { dayOf } from '@chorda/read-models';
import { insertRows } from '../bulk/bulk-write.js';
import { defineTable, type RowOf } from '../bulk/table.js';
import type { DayPartitions } from '../runner/day-partitions.js';
import type { Projection } from '../runner/projection.js';

export const journalTable = defineTable({
  name: 'journal_v1',
  key: ['tenant_id', 'topic', 'partition', 'offset', 'record_time'],
  columns: {
    tenant_id: 'text',
    topic: 'text',
    partition: 'int',
    offset: 'bigint',
    record_time: 'timestamp',
    event_id: 'text',
    type: 'text',
    source: 'text',
    subject: 'text',
    event_time: 'timestamp',
    correlation_id: 'text',
    causation_id: 'text?',
    traceparent: 'text?',
    stream_version: 'bigint?',
    schema_fingerprint: 'bytes',
    payload: 'bytes',
    stream: 'text?',
  },
});

/** Every topic that events are written to, those of registered types included: more as time goes on. */
export function eventTopics(): readonly string[] {
  return [...new Set(knownEventTypes().flatMap(topicsOf))];
}

/** Magic byte and schema id, which only the registry of the log can explain; the fingerprint explains itself. */
const framingBytes = 5;

/** Every event of every topic, as the log has it. */
export function journalProjection(days: DayPartitions, version = 1): Projection {
  const table = { ...journalTable, name: days.table };
  const kept = (messages: readonly Message[]) => messages.filter(({ record }) => days.keeps(record.timestampMs));
  return {
    name: 'journal',
    version,
    get topics() {
      return eventTopics();
    },
    table,
    days,
    isHistory: true,
    prepare: (pool, messages) =>
      days.ensure(pool, new Set(kept(messages).map(({ record }) => dayOf(record.timestampMs)))),
    forget: () => days.forget(),
    apply: async (tx, messages) => {
      const rows = kept(messages).map(toRow);
      await insertRows(tx, table, rows);
      return rows.length;
    },
    onTable: (place) => journalProjection(days.forTable(place.table), place.version),
  };
}

function toRow({ record, origin, envelope }: Message): RowOf<typeof journalTable.columns> {
  const { metadata } = envelope;
  return {
    tenant_id: metadata.tenantId,
    topic: origin.topic,
    partition: origin.partition,
    offset: origin.offset,
    record_time: record.timestampMs,
    event_id: metadata.id,
    type: envelope.event.type,
    source: metadata.source,
    subject: metadata.subject,
    event_time: metadata.timeMs,
    correlation_id: metadata.correlationId,
    causation_id: metadata.causationId ?? null,
    traceparent: metadata.traceparent ?? null,
    stream_version: metadata.decision?.streamVersion ?? null,
    schema_fingerprint: fingerprintOf(record),
    payload: record.value?.subarray(framingBytes) ?? Buffer.alloc(0),
    stream: metadata.decision?.stream ?? null,
  };
}

const fingerprints = new Map<string, Buffer>();
const fingerprintsMax = 1_000;

/** The codec took the record's schema by this header, so its fingerprint is that of the bytes. */
function fingerprintOf(record: IncomingRecord): Buffer {
  const dataSchema = dataSchemaOf(record);
  const known = fingerprints.get(dataSchema);
  if (known) return known;
  const hex = /:([0-9a-f]{64})$/.exec(dataSchema)?.[1];
  if (hex === undefined) throw new TypeError(`Offset ${record.offset} of ${record.topic} has no schema fingerprint`);
  const fingerprint = Buffer.from(hex, 'hex');
  if (fingerprints.size >= fingerprintsMax) fingerprints.clear();
  fingerprints.set(dataSchema, fingerprint);
  return fingerprint;
}
