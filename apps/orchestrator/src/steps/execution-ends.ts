import { jsonText, type AgentEvent, type AnyCommand, type CommandCodec, type EventMetadata } from '@chorda/contracts';
import { derivedId } from '@chorda/kernel';
import type { Batch, BatchHandler, Outcomes, Producer } from '@chorda/messaging';
import { source } from './step-work.kind.js';

/**
 * Makes the end of an execution the result of the step that asked for it. Ours alone: what others say of executions
 * decides nothing about a run.
 */
export class ExecutionEnds implements BatchHandler<AgentEvent> {
  constructor(
    private readonly codec: CommandCodec,
    private readonly producer: Producer,
  ) {}

  async handleBatch(batch: Batch<AgentEvent>): Promise<Outcomes<AgentEvent>> {
    const sends = batch.messages.flatMap(({ event, envelope }) => {
      const command = envelope.metadata.decision === undefined ? undefined : resultOf(event);
      return command === undefined ? [] : [this.send(command, envelope.metadata)];
    });
    // A throw moves no offset: what was sent before is sent again, with the same id.
    await Promise.all(sends);
    return batch.allDone();
  }

  private async send(
    command: Extract<AnyCommand, { readonly type: 'workflow.record_step_result' }>,
    metadata: EventMetadata,
  ): Promise<void> {
    const { tenantId, correlationId, traceparent, tracestate } = metadata;
    const record = this.codec.encode({
      command,
      metadata: {
        id: derivedId(tenantId, command.data.attempt_token, 'execution ended'),
        ...{ source, tenantId, correlationId, actor: source, causationId: metadata.id },
        subject: command.data.workflow_id,
        timeMs: metadata.timeMs,
        ...(traceparent !== undefined && { traceparent }),
        ...(tracestate !== undefined && { tracestate }),
      },
    });
    await this.producer.send(record);
  }
}

function resultOf(
  event: AgentEvent,
): Extract<AnyCommand, { readonly type: 'workflow.record_step_result' }> | undefined {
  if (event.type !== 'agent.executed' && event.type !== 'agent.failed') return undefined;
  const { data } = event;
  const run = data.metadata?.workflow_id ?? null;
  const step = data.metadata?.step_id ?? null;
  if (run === null || step === null || data.execution_id === null) return undefined;
  const isDone = event.type === 'agent.executed';
  return {
    type: 'workflow.record_step_result',
    data: {
      workflow_id: run,
      step_id: step,
      attempt: 1,
      attempt_token: data.execution_id,
      status: isDone ? 'completed' : 'failed',
      output_data: isDone ? event.data.output_data : null,
      error: isDone ? null : errorOf(event),
      duration_ms: data.execution_time_ms,
      worker: null,
      started_at: null,
    },
  };
}

function errorOf({ data }: Extract<AgentEvent, { readonly type: 'agent.failed' }>) {
  const details: unknown = JSON.parse(data.error);
  const said = typeof details === 'object' && details !== null && 'message' in details ? details.message : undefined;
  const message = typeof said === 'string' ? said : `The execution ended as ${data.status}`;
  const isOurs = data.status === 'cancelled';
  return jsonText({
    class: isOurs ? 'cancelled' : 'agent',
    code: data.error_code,
    message: message.slice(0, 2_000),
    status: null,
    details: { execution_id: data.execution_id },
    retriable: !isOurs,
  });
}
