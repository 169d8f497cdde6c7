import { defineList } from './list-definition.js';

/** Parked sequences of one projection: the path of its page names it. At most a thousand of each version. */
export const parkedList = defineList({
  name: 'parked',
  from: 'parked_sequences',
  key: ['id'],
  sorts: [{ field: 'parked_at' }],
  defaultSort: 'parked_at',
  projections: [],
  pageSizeMax: 500,
  fields: {
    id: { type: 'text', doc: 'Of the sequence', column: 'sequence_id' },
    projection: { type: 'text', doc: 'That could not apply its first event', filter: 'equal' },
    version: { type: 'integer', doc: 'Of the projection' },
    topic: { type: 'text', doc: 'Of the events' },
    partition: { type: 'integer', doc: 'Of the events' },
    aggregate_key: { type: 'text', doc: 'Key of their records, `<tenant>/<subject>`' },
    events: { type: 'count', doc: 'That wait, the first included' },
    bytes: { type: 'count', doc: 'Of their keys and values' },
    first_offset: { type: 'bigint', doc: 'Of the event that fails' },
    last_offset: { type: 'bigint', doc: 'Of the newest one' },
    reason: {
      type: 'text',
      doc: 'apply (its handler threw), data (Postgres refused its row), undecodable, gap (versions before it are missing)',
    },
    fingerprint: { type: 'text', doc: 'The same for faults of one cause', filter: 'equal' },
    error_class: { type: 'text', doc: 'Of the error' },
    error_code: { type: 'text', doc: 'SQLSTATE, or why it cannot be decoded', nullable: true },
    error_message: { type: 'text', doc: 'Of the error' },
    event_type: { type: 'text', doc: 'Of the event that fails; null where it cannot be decoded', nullable: true },
    parked_at: { type: 'timestamp', doc: 'When the first event was parked', filter: 'range' },
    updated_at: { type: 'timestamp', doc: 'When anything of it last changed' },
    retries: { type: 'count', doc: 'That came to an event which fails' },
    retried_at: { type: 'timestamp', doc: 'The last of them', nullable: true },
    retry_requested_at: { type: 'timestamp', doc: 'A retry was asked for and is not served yet', nullable: true },
  },
});
