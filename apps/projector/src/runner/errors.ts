import { BackboneError } from '@chorda/kernel';
import type { Message } from '@chorda/messaging';

/** Another owner has claimed the partition, or its checkpoint stands elsewhere than this process thought. */
export class PartitionFencedError extends BackboneError {
  readonly code = 'PARTITION_FENCED';
  readonly retriable = true;

  constructor(topic: string, partition: number, why: string) {
    super(`${topic}[${partition}] is not this projector's to write: ${why}; it stands down and claims anew`);
  }
}

/** What several partitions bring cannot be written together; nothing is lost, each of them is written by itself. */
export class TransactionOfSeveralError extends BackboneError {
  readonly code = 'TRANSACTION_OF_SEVERAL';
  readonly retriable = true;

  constructor(why: string) {
    super(`Batches of several partitions cannot share a transaction: ${why}`);
  }
}

/** A batch came for a partition that was never claimed, or that was given back. */
export class PartitionNotClaimedError extends BackboneError {
  readonly code = 'PARTITION_NOT_CLAIMED';
  readonly retriable = true;

  constructor(topic: string, partition: number) {
    super(`${topic}[${partition}] is not claimed`);
  }
}

/** A handler, which is pure, threw: that is the fault of this event or of its handler, and of nothing around them. */
export class EventNotApplicableError extends BackboneError {
  readonly code = 'EVENT_NOT_APPLICABLE';
  readonly retriable = false;

  constructor(
    readonly event: Message,
    cause: unknown,
  ) {
    const { envelope, origin } = event;
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`${envelope.event.type} at ${origin.topic}[${origin.partition}] ${origin.offset} cannot be applied: ${why}`, {
      cause: cause instanceof Error ? cause : new Error(why),
    });
  }
}

/** Calls a handler for an event. @throws {@link EventNotApplicableError} where it throws. */
export function handling<Result>(event: Message, handle: () => Result): Result {
  try {
    return handle();
  } catch (error) {
    throw new EventNotApplicableError(event, error);
  }
}
