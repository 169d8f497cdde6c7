import type { AnyWork, WorkCodec } from '@chorda/contracts';
import { BackboneError } from '@chorda/kernel';
import type { Batch, BatchHandler, Outcomes, RecordDecoder } from '@chorda/messaging';
import type { NewWork } from '@chorda/read-models';
import type { WorkHandover } from './work-handover.js';
import type { RevokedRecord, WorkKind } from './work-kind.js';

/** The inbox has no room: the work stays on the log, and its lag tells. */
export class InboxFullError extends BackboneError {
  readonly code = 'INBOX_FULL';
  readonly retriable = true;

  constructor(readyMax: number) {
    super(`More than ${readyMax} works wait for executors and workers; no more are taken from the log`);
  }
}

/** Codecs read records of one kind each; a consumer knows what they carry as `event`. */
export function workDecoder(codec: WorkCodec): RecordDecoder {
  return {
    decode: (record) => {
      const { work, metadata } = codec.decode(record);
      return { event: work, metadata };
    },
    learn: (schemaId) => codec.learn(schemaId),
  };
}

export interface Inbox {
  take(items: readonly NewWork[]): Promise<void>;
  revoke(works: readonly RevokedRecord[]): Promise<void>;
}

/** Takes work from the log into the inbox. A throw moves no offset, and what came in before comes again and is known. */
export class WorkIntake<Work extends AnyWork> implements BatchHandler<Work> {
  constructor(
    private readonly inbox: Inbox,
    private readonly read: WorkKind<Work, Work, never>['read'],
    /** Left out: all of it comes from the log. */
    private readonly handover?: Pick<WorkHandover<Work>, 'passedBy'>,
  ) {}

  async handleBatch(batch: Batch<Work>): Promise<Outcomes<Work>> {
    const items: NewWork[] = [];
    const revoked: RevokedRecord[] = [];
    const known = await this.handover?.passedBy(batch.messages.map(({ envelope }) => envelope.metadata.id));
    for (const { event, envelope } of batch.messages) {
      if (known?.has(envelope.metadata.id) === true) continue;
      const read = this.read(batch.topic, event, envelope.metadata);
      if (read.kind === 'asked') items.push(read.item);
      else revoked.push(...read.works);
    }
    // What was revoked within the batch is taken in all the same: a repeat of its record must find it done.
    if (items.length > 0) await this.inbox.take(items);
    if (revoked.length > 0) await this.inbox.revoke(revoked);
    return batch.allDone();
  }
}
