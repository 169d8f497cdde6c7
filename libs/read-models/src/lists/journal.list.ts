import type { JournalEntry } from '../journal/journal-entry.js';
import { toEntry, type JournalRow } from '../journal/journal-row.js';
import { defineList } from './list-definition.js';

/**
 * Every event as it stands in the log, by the time that the log recorded it. Within one millisecond rows are put in order
 * by their place; an index that had the place too would be twice as large.
 */
export const journalList = defineList({
  name: 'events',
  from: 'journal',
  key: ['topic', 'partition', 'offset'],
  sorts: [{ field: 'recorded_time' }],
  defaultSort: '-recorded_time',
  projections: ['journal'],
  pageSizeMax: 500,
  dayPartitions: { field: 'recorded_time', tables: 'journal_v%' },
  fields: {
    tenant_id: { type: 'text', doc: 'Whose it is' },
    topic: { type: 'text', doc: 'Where it stands in the log' },
    partition: { type: 'integer', doc: 'Where it stands in the log' },
    offset: { type: 'bigint', doc: 'Where it stands in the log' },
    recorded_time: { type: 'timestamp', doc: 'When the log took it', filter: 'range', column: 'record_time' },
    event_time: { type: 'timestamp', doc: 'When it happened' },
    event_id: { type: 'text', doc: 'The id of its sender' },
    type: { type: 'text', doc: 'Name in the catalogue', filter: 'equal' },
    source: { type: 'text', doc: 'Who says so', filter: 'equal' },
    subject: { type: 'text', doc: 'What the event is about', filter: 'equal' },
    correlation_id: { type: 'text', doc: 'The first request of the chain', filter: 'equal' },
    causation_id: { type: 'text', doc: 'What directly caused it', nullable: true },
    traceparent: { type: 'text', doc: 'W3C trace context', nullable: true },
    stream_version: { type: 'bigint', doc: 'Number in its stream', nullable: true },
    stream: {
      type: 'text',
      doc: 'The stream that the number counts; null: the own one of its subject',
      nullable: true,
    },
    schema_fingerprint: { type: 'text', doc: 'Of the schema it was written with' },
    payload: { type: 'text', doc: 'Avro' },
  },
});

/** A row of the list as `pg` gives it. */
export type JournalListRow = Omit<JournalRow, 'record_time'> & {
  readonly recorded_time: Date;
  readonly [column: string]: unknown;
};

export function listedEntry(row: JournalListRow): JournalEntry {
  return toEntry({ ...row, record_time: row.recorded_time });
}
