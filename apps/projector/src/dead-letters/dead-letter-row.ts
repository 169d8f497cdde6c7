import { defaultTenant, tenantIdPattern } from '@chorda/kernel';
import type { DeadLetter, IncomingRecord } from '@chorda/messaging';
import { defineTable, type RowOf } from '../bulk/table.js';

export const deadLettersTable = defineTable({
  name: 'dead_letters_v1',
  key: ['tenant_id', 'topic', 'partition', 'offset'],
  columns: {
    tenant_id: 'text',
    topic: 'text',
    partition: 'int',
    offset: 'bigint',
    record_time: 'timestamp',
    source_topic: 'text',
    source_partition: 'int',
    source_offset: 'bigint',
    consumer_group: 'text',
    stage: 'text',
    reason: 'text',
    error_class: 'text',
    error_message: 'text',
    attempts: 'int',
    first_at: 'timestamp?',
    key: 'text?',
    event_id: 'text?',
    event_type: 'text?',
    event_source: 'text?',
    value_bytes: 'count',
    redriven_at: 'timestamp?',
  },
});

export type DeadLetterRow = RowOf<typeof deadLettersTable.columns>;

/** What a record that nobody could read says of itself may be anything: a row keeps so much of each text. */
const textLengthMax = 512;
/** Producers of these topics are told apart by the broker, so the topic says whose a record is. */
const tenantTopic = /^(?:ingress|work\.results)\.([a-z0-9-]{1,63})$/;

/** A record that cannot be decoded has a row too: only headers and key are looked at, and no content is kept. */
export function deadLetterRow(letter: DeadLetter): DeadLetterRow {
  const { place, origin, record } = letter;
  const tenant = tenantOf(letter);
  const firstAtMs = Date.parse(letter.firstAt);
  // A record that names no tenant is the operator's to look into: what it says of itself may be another's.
  const said = (text: string | undefined) => (tenant === undefined ? null : (text?.slice(0, textLengthMax) ?? null));
  return {
    tenant_id: tenant ?? defaultTenant,
    topic: place.topic,
    partition: place.partition,
    offset: place.offset,
    record_time: record.timestampMs,
    source_topic: origin.topic,
    source_partition: origin.partition,
    source_offset: origin.offset,
    consumer_group: letter.group,
    stage: letter.stage,
    reason: letter.reason,
    error_class: letter.errorClass,
    error_message: tenant === undefined ? '' : letter.errorMessage,
    attempts: letter.attempts,
    first_at: Number.isNaN(firstAtMs) ? null : firstAtMs,
    key: said(letter.key),
    event_id: said(letter.eventId),
    event_type: said(letter.eventType),
    event_source: said(headerOf(record, 'ce_source')),
    value_bytes: record.value?.length ?? 0,
    redriven_at: null,
  };
}

/** Undefined where the record names none, or two. */
function tenantOf({ origin, key, record }: DeadLetter): string | undefined {
  const [, ofTopic] = tenantTopic.exec(origin.topic) ?? [];
  if (ofTopic !== undefined) return ofTopic;
  const ofKey = key?.slice(0, Math.max(0, key.indexOf('/')));
  const named = [ofKey, headerOf(record, 'ce_tenantid')].filter((text) => tenantIdPattern.test(text ?? ''));
  return new Set(named).size === 1 ? named[0] : undefined;
}

function headerOf({ headers }: IncomingRecord, name: string): string | undefined {
  const value = headers[name];
  const first = Buffer.isBuffer(value) ? value : value?.[0];
  return first?.toString('utf8');
}
