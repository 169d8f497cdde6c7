import type { IncomingRecord, Message } from '@chorda/messaging';
import { dayOf } from '@chorda/read-models';
import type pg from 'pg';
import { defineTable, quoted, type RowOf } from '../bulk/table.js';
import { eventTopics } from '../journal/journal.projection.js';
import type { DayPartitions } from '../runner/day-partitions.js';
import type { ProjectionOf } from '../runner/projection.js';

const ratesTable = defineTable({
  name: 'rates_v1',
  // Every partition of a topic counts the same types: with the partition in the key each row has one writer.
  key: ['tenant_id', 'minute', 'topic', 'type', 'partition'],
  columns: {
    tenant_id: 'text',
    minute: 'timestamp',
    topic: 'text',
    type: 'text',
    partition: 'int',
    events: 'count',
    bytes: 'count',
  },
});

type RateColumns = typeof ratesTable.columns;
type RateRow = RowOf<RateColumns>;

const minuteMs = 60_000;

/**
 * How many events of each type came in each minute, and how large they were. By the time of the log and not of the event:
 * a rate tells what the system had to carry. It adds to what is there, so it needs no row before it writes one.
 */
export function ratesProjection(days: DayPartitions, version = 1): ProjectionOf<RateColumns> {
  const table = { ...ratesTable, name: days.table };
  const kept = (messages: readonly Message[]) => messages.filter(({ record }) => days.keeps(record.timestampMs));
  return {
    name: 'rates',
    version,
    get topics() {
      return eventTopics();
    },
    table,
    days,
    // An event behind a gap of its stream has come all the same.
    isHistory: true,
    prepare: (pool, messages) =>
      days.ensure(pool, new Set(kept(messages).map(({ record }) => dayOf(record.timestampMs)))),
    forget: () => days.forget(),
    apply: async (tx, messages) => {
      const counted = kept(messages);
      await addRates(tx, table.name, ratesOf(counted));
      return counted.length;
    },
    onTable: (place) => ratesProjection(days.forTable(place.table), place.version),
  };
}

function ratesOf(messages: readonly Message[]): readonly RateRow[] {
  const rates = new Map<string, RateRow>();
  for (const { record, origin, envelope } of messages) {
    const { tenantId } = envelope.metadata;
    const { type } = envelope.event;
    const minute = Math.floor(record.timestampMs / minuteMs) * minuteMs;
    // A redrive brings events of several places, so the place is part of the key here too. None of these has a space.
    const key = `${tenantId} ${minute} ${origin.topic} ${type} ${origin.partition}`;
    const { topic, partition } = origin;
    const row = rates.get(key) ?? { tenant_id: tenantId, minute, topic, type, partition, events: 0, bytes: 0 };
    rates.set(key, { ...row, events: row.events + 1, bytes: row.bytes + bytesOf(record) });
  }
  return [...rates.values()];
}

function bytesOf({ key, value }: IncomingRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0);
}

/** In the order of the key, so that a redrive and its source, which may count the same minute, do not lock each other. */
async function addRates(tx: pg.ClientBase, table: string, rates: readonly RateRow[]): Promise<void> {
  if (rates.length === 0) return;
  await tx.query({
    name: `add ${table}`,
    text: `INSERT INTO ${quoted(table)} AS known (tenant_id, minute, topic, type, partition, events, bytes)
      SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::int[], $6::bigint[], $7::bigint[])
        AS mine (tenant_id, minute, topic, type, partition, events, bytes)
      ORDER BY tenant_id, minute, topic, type, partition
      ON CONFLICT (tenant_id, minute, topic, type, partition) DO UPDATE SET
        events = known.events + excluded.events, bytes = known.bytes + excluded.bytes`,
    values: [
      rates.map(({ tenant_id }) => tenant_id),
      rates.map(({ minute }) => new Date(minute).toISOString()),
      rates.map(({ topic }) => topic),
      rates.map(({ type }) => type),
      rates.map(({ partition }) => partition),
      rates.map(({ events }) => events),
      rates.map(({ bytes }) => bytes),
    ],
  });
}
