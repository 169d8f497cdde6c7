import type { Batch, Carried, Message, Outcome, Outcomes, SetAsideRecord } from '../consumer-contract.js';
import type { AssignedPartition } from '../port.js';

const done: Outcome = { kind: 'done' };

export class MessageBatch<E extends Carried> implements Batch<E> {
  constructor(
    private readonly from: AssignedPartition,
    readonly messages: readonly Message<E>[],
    readonly setAside: readonly SetAsideRecord[],
    readonly firstOffset: bigint,
    readonly nextOffset: bigint,
  ) {}

  get topic(): string {
    return this.from.topic;
  }

  get partition(): number {
    return this.from.partition;
  }

  get assignmentEpoch(): number {
    return this.from.epoch;
  }

  get signal(): AbortSignal {
    return this.from.owned;
  }

  [Symbol.iterator](): Iterator<Message<E>> {
    return this.messages[Symbol.iterator]();
  }

  allDone(): MessageOutcomes<E> {
    return new MessageOutcomes<E>();
  }
}

export class MessageOutcomes<E extends Carried> implements Outcomes<E> {
  private readonly others = new Map<Message<E>, Outcome>();

  retry(message: Message<E>, afterMs: number, error: Error): void {
    this.others.set(message, { kind: 'retry', afterMs, error });
  }

  dead(message: Message<E>, error: Error): void {
    this.others.set(message, { kind: 'dead', error });
  }

  of(message: Message<E>): Outcome {
    return this.others.get(message) ?? done;
  }
}
