import type { EventMetadata, WorkCodec, WorkflowWork } from '@chorda/contracts';
import { BackboneError } from '@chorda/kernel';
import type { Batch, BatchHandler, Outcomes, RecordDecoder } from '@chorda/messaging';
import type { NewWork } from '@chorda/read-models';

/** The inbox has no room: steps stay on the log, and its lag tells. */
export class InboxFullError extends BackboneError {
  readonly code = 'INBOX_FULL';
  readonly retriable = true;

  constructor(readyMax: number) {
    super(`More than ${readyMax} steps wait for executors and workers; no more are taken from the log`);
  }
}

export function workDecoder(codec: WorkCodec): RecordDecoder {
  return {
    decode: (record) => {
      const { work, metadata } = codec.decode(record);
      return { event: work, metadata };
    },
    learn: (schemaId) => codec.learn(schemaId),
  };
}

/** Takes work from the log into the inbox. A throw moves no offset, and what came in before comes again and is known. */
export class StepIntake implements BatchHandler<WorkflowWork> {
  constructor(private readonly take: (items: readonly NewWork[]) => Promise<void>) {}

  async handleBatch(batch: Batch<WorkflowWork>): Promise<Outcomes<WorkflowWork>> {
    const items = batch.messages.map(({ event, envelope }) => itemOf(event, envelope.metadata));
    if (items.length > 0) await this.take(items);
    return batch.allDone();
  }
}

/** Of a tool: who polls a queue gets its calls alone. */
export function workerQueue(name: string): string {
  return `workers:${name}`;
}

/** An executor's own work waits in one queue for all. */
export const ownQueue = 'steps';
/** The table holds whole numbers up to this. */
const leaseMsMax = 2_147_483_647;
const deadlineMsMax = Date.UTC(2999, 0, 1);

function itemOf(work: WorkflowWork, metadata: EventMetadata): NewWork {
  const { data } = work;
  const isCall = work.type === 'workflow.step_requested' && data.queue === 'workers';
  return {
    tenantId: metadata.tenantId,
    workId: data.attempt_token,
    queue: isCall ? workerQueue(work.data.worker_queue ?? 'default') : ownQueue,
    toolName: work.type === 'workflow.step_requested' ? work.data.tool_name : null,
    repeatable: work.type === 'workflow.step_requested' ? work.data.idempotent : true,
    work: JSON.stringify(work),
    metadata: JSON.stringify(kept(metadata)),
    leaseMs: Math.min(Math.max(1, data.lease_ms), leaseMsMax),
    deadlineMs: Math.min(data.deadline_at, deadlineMsMax),
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
