import { headerText, deadLetterFacts, type DeadLetterFacts } from '../consumer/set-aside.js';
import type { IncomingRecord, RecordPlace } from '../port.js';

/** A record that a group has set aside, as its dead-letter topic has it. */
export interface DeadLetter extends DeadLetterFacts {
  /** Where the letter stands, in the dead-letter topic. */
  readonly place: RecordPlace;
  readonly key: string | undefined;
  /** `ce_id` and `ce_type`, where the record has them. */
  readonly eventId: string | undefined;
  readonly eventType: string | undefined;
  /** RFC 3339; undefined until it was sent through again. */
  readonly redrivenAt: string | undefined;
  readonly record: IncomingRecord;
}

const receiptOf = 'dlq-receipt-of';
const receiptAt = 'dlq-receipt-at';

/** What a redrive leaves on the dead-letter topic: which letter it took, so that nobody takes it twice unknowingly. */
export function receiptHeaders({ place }: DeadLetter, at: string): Readonly<Record<string, string>> {
  return { [receiptOf]: `${place.partition}/${place.offset}`, [receiptAt]: at };
}

export function receiptIn(record: IncomingRecord): { readonly of: string; readonly at: string } | undefined {
  const of = headerText(record.headers, receiptOf);
  return of === undefined ? undefined : { of, at: headerText(record.headers, receiptAt) ?? '' };
}

/** Undefined for a receipt, and for what somebody else wrote there. */
export function deadLetterIn(record: IncomingRecord, redrivenAt: string | undefined): DeadLetter | undefined {
  const facts = deadLetterFacts(record);
  if (!facts || receiptIn(record)) return undefined;
  const { topic, partition, offset, key, headers } = record;
  return {
    ...facts,
    place: { topic, partition, offset },
    key: key?.toString('utf8'),
    eventId: headerText(headers, 'ce_id'),
    eventType: headerText(headers, 'ce_type'),
    redrivenAt,
    record,
  };
}
