import { defineList } from './list-definition.js';

/** What consumer groups have set aside, by the time that they did so. */
export const deadLettersList = defineList({
  name: 'dead_letters',
  from: 'dead_letters',
  key: ['topic', 'partition', 'offset'],
  sorts: [{ field: 'record_time' }],
  defaultSort: '-record_time',
  projections: [],
  pageSizeMax: 500,
  fields: {
    topic: { type: 'text', doc: 'The dead-letter topic' },
    partition: { type: 'integer', doc: 'In the dead-letter topic' },
    offset: { type: 'bigint', doc: 'In the dead-letter topic' },
    record_time: { type: 'timestamp', doc: 'When it was set aside', filter: 'range' },
    source_topic: { type: 'text', doc: 'Where the record was', filter: 'equal' },
    source_partition: { type: 'integer', doc: 'Where the record was' },
    source_offset: { type: 'bigint', doc: 'Where the record was' },
    consumer_group: { type: 'text', doc: 'Who set it aside', filter: 'equal' },
    stage: { type: 'text', doc: 'partition, decode, handler or retry' },
    reason: { type: 'text', doc: 'Stable name of why', filter: 'equal' },
    error_class: { type: 'text', doc: 'Of the error' },
    error_message: { type: 'text', doc: 'Of the error' },
    attempts: { type: 'integer', doc: 'Tries that were made' },
    first_at: { type: 'timestamp', doc: 'When it was tried first', nullable: true },
    key: { type: 'text', doc: 'Of the record', nullable: true },
    event_id: { type: 'text', doc: 'Where the record has one', nullable: true },
    event_type: { type: 'text', doc: 'Where the record has one', nullable: true },
    event_source: { type: 'text', doc: 'Where the record has one', nullable: true },
    value_bytes: { type: 'count', doc: 'Of the record' },
    redriven_at: { type: 'timestamp', doc: 'When it was sent through again', nullable: true },
  },
});
