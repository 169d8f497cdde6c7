import type { AnyCommand, CommandCodec, EventMetadata } from '@chorda/contracts';
import type { Producer } from '@chorda/messaging';

/** Who says it, where nobody outside asked. */
export const orchestratorSource = 'urn:chorda:service:orchestrator';

/** What the event that causes a command says of itself. */
export type Cause = Pick<EventMetadata, 'id' | 'tenantId' | 'correlationId' | 'timeMs' | 'traceparent' | 'tracestate'>;

/** Puts commands on the log, whose outcome nobody waits for. The same id again is the same command. */
export class CommandWriter {
  constructor(
    private readonly codec: CommandCodec,
    private readonly producer: Producer,
  ) {}

  /** @throws what the producer throws; it may have been written then, and is written again under the same id. */
  async write(command: AnyCommand, commandId: string, subject: string, cause: Cause): Promise<void> {
    const { tenantId, correlationId, timeMs, traceparent, tracestate } = cause;
    const record = this.codec.encode({
      command,
      metadata: {
        ...{ id: commandId, tenantId, correlationId, timeMs, subject },
        ...{ source: orchestratorSource, actor: orchestratorSource, causationId: cause.id },
        ...(traceparent !== undefined && { traceparent }),
        ...(tracestate !== undefined && { tracestate }),
      },
    });
    await this.producer.send(record);
  }
}
