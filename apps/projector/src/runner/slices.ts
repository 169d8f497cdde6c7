import type { Batch } from '@chorda/messaging';
import { readableKey } from '../parking/aggregate-key.js';
import { faultOfUnreadable } from '../parking/fault.js';
import type { Slice } from './apply-slice.js';

/**
 * Messages of one transaction while a bad event is looked for. Were all of them bad, that is some 200 statements, well
 * within the time that a transaction has.
 */
const sliceMessagesMax = 100;

/** The batch as one slice, which is how it is written while nothing fails. */
export function wholeSlice(batch: Batch, source: string): Slice {
  const { topic, partition, messages, nextOffset } = batch;
  if (batch.setAside.length === 0) {
    return { topic, partition, source, messages, unreadable: [], deadLettered: [], nextOffset };
  }
  const sorted = batch.setAside.map((each) => {
    // What stands in another partition than its key says has its order there, and nobody here waits for it.
    const key = each.stage === 'decode' ? readableKey(each.record.key) : undefined;
    const { record, origin, reason } = each;
    return key && origin
      ? { unreadable: [{ key, record, origin, fault: faultOfUnreadable(each) }], deadLettered: [] }
      : { unreadable: [], deadLettered: [{ offset: record.offset, reason }] };
  });
  const unreadable = sorted.flatMap((each) => each.unreadable);
  const deadLettered = sorted.flatMap((each) => each.deadLettered);
  return { topic, partition, source, messages, unreadable, deadLettered, nextOffset };
}

/** The same in transactions of their own: each moves the checkpoints to where the next one begins. */
export function* slicesOf(batch: Batch, source: string): Generator<Slice> {
  const whole = wholeSlice(batch, source);
  const { messages } = whole;
  let from = batch.firstOffset;
  for (let start = 0; start < Math.max(1, messages.length); start += sliceMessagesMax) {
    const nextOffset = messages[start + sliceMessagesMax]?.record.offset ?? batch.nextOffset;
    const isInside = (offset: bigint) => from <= offset && offset < nextOffset;
    yield {
      ...whole,
      messages: messages.slice(start, start + sliceMessagesMax),
      unreadable: whole.unreadable.filter(({ record }) => isInside(record.offset)),
      deadLettered: whole.deadLettered.filter(({ offset }) => isInside(offset)),
      nextOffset,
    };
    from = nextOffset;
  }
}
