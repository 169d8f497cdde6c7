import type { IncomingRecord, Message, RecordPlace } from '@chorda/messaging';
import { aggregateKeyOf, type AggregateKey } from './aggregate-key.js';
import type { Fault } from './fault.js';

/** An event, or a record that cannot be read as one, on its way into the parked sequence of its aggregate. */
export interface Arrival {
  readonly key: AggregateKey;
  readonly record: IncomingRecord;
  readonly origin: RecordPlace;
  /** Left out where the record cannot be decoded. */
  readonly message?: Message;
  /** Why it is parked; left out where it waits behind one that is. */
  readonly fault?: Fault;
  /** A version that was missing, and came: it goes before those that were parked for want of it. */
  readonly isFiller?: boolean;
}

export function arrivalOf(message: Message, fault?: Fault): Arrival {
  const { record, origin } = message;
  return { key: aggregateKeyOf(message), record, origin, message, ...(fault && { fault }) };
}

/** A record that the engine set aside, with the key that it can be parked by. */
export interface Unreadable {
  readonly key: AggregateKey;
  readonly record: IncomingRecord;
  readonly origin: RecordPlace;
  readonly fault: Fault;
}
