import type { AgentWork, EventMetadata, WorkCodec } from '@chorda/contracts';
import type { AssignedWork } from '@chorda/domain';
import { BackboneError, type TenantId } from '@chorda/kernel';
import type { Batch, BatchHandler, Outcomes, RecordDecoder } from '@chorda/messaging';
import { isPlanted } from '@chorda/platform';
import type { NewWork } from '@chorda/read-models';

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

/** A try that nobody waits for any more. */
export interface RevokedWork {
  readonly tenantId: TenantId;
  readonly workId: string;
}

export interface Inbox {
  take(items: readonly NewWork[]): Promise<void>;
  revoke(works: readonly RevokedWork[]): Promise<void>;
}

/** Takes work from the log into the inbox. A throw moves no offset, and what came in before comes again and is known. */
export class WorkIntake implements BatchHandler<AgentWork> {
  constructor(private readonly inbox: Inbox) {}

  async handleBatch(batch: Batch<AgentWork>): Promise<Outcomes<AgentWork>> {
    const items: NewWork[] = [];
    const revoked: RevokedWork[] = [];
    for (const { event, envelope } of batch.messages) {
      const { metadata } = envelope;
      if (event.type !== 'agent.work_revoked') items.push(itemOf(batch.topic, event, metadata));
      else revoked.push(...event.data.attempt_tokens.map((workId) => ({ tenantId: metadata.tenantId, workId })));
    }
    // What was revoked within the batch is taken in all the same: a repeat of its record must find it done.
    if (items.length > 0) await this.inbox.take(items);
    if (revoked.length > 0) await this.inbox.revoke(revoked);
    return batch.allDone();
  }
}

/** A record of the log as the inbox has it. */
export function itemOf(topic: string, work: AssignedWork, metadata: EventMetadata): NewWork {
  const { data } = work;
  return {
    tenantId: metadata.tenantId,
    workId: data.attempt_token,
    queue: topic.slice(topic.lastIndexOf('.') + 1),
    toolName: work.type === 'agent.tool_requested' ? work.data.tool_name : null,
    // Asking a model twice costs twice and does nothing else.
    repeatable: work.type !== 'agent.tool_requested' || work.data.idempotent || isPlanted('executors-repeat-all'),
    work: JSON.stringify(work),
    metadata: JSON.stringify(kept(metadata)),
    leaseMs: Math.max(1, data.lease_ms),
    deadlineMs: data.deadline_at,
  };
}

/** What the command that answers needs of the record that asked. */
export type KeptMetadata = Pick<EventMetadata, 'id' | 'subject' | 'correlationId' | 'traceparent' | 'tracestate'>;

function kept({ id, subject, correlationId, traceparent, tracestate }: EventMetadata): KeptMetadata {
  return {
    ...{ id, subject, correlationId },
    ...(traceparent !== undefined && { traceparent }),
    ...(tracestate !== undefined && { tracestate }),
  };
}
