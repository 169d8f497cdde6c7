import type { AnyCommand, CommandCodec, CommandEnvelope, inferenceCommand } from '@chorda/contracts';
import { requestId, UndecodableRecordError, WriterSchemaUnknownError } from '@chorda/contracts';
import { sleep, systemClock, type Logger } from '@chorda/kernel';
import {
  startConsumer,
  type AssignedPartition,
  type Batch,
  type GroupConsumer,
  type IncomingRecord,
  type KafkaDriver,
  type Outcomes,
  type RunningConsumer,
} from '@chorda/messaging';
import type { Registry } from 'prom-client';
import { contextOf, type OutcomeRecords } from '../outcomes/outcome-events.js';
import type { OutcomeDesk } from '../outcomes/outcome-desk.js';
import type { InferenceWorker } from '../worker/inference-worker.js';

/** One group claims what is cancelled and in nobody's hands. */
export const cancelsGroup = 'inference-worker.cancels';
const controlTopic = 'inference.control';

export interface CancelParts {
  readonly driver: KafkaDriver;
  readonly codec: CommandCodec;
  readonly worker: InferenceWorker;
  readonly desk: OutcomeDesk;
  readonly records: OutcomeRecords;
  readonly instance: string;
  readonly logger: Logger;
  readonly metrics: Registry;
}

/** Whoever has the request in hand ends it itself, and says how many attempts there were. */
const holderMs = 1_000;
const readLimits = { recordsMax: 500, bytesMax: 1024 * 1024, waitMsMax: 0 };

/**
 * Hears cancels, in two ways. Every worker reads all of them from now on, so that whoever has the request in hand ends it
 * at once. And one of the workers claims the outcome a moment later, so that a request which nobody has read yet is over
 * for those who wait for it; whoever reads it then finds its outcome.
 */
export class CancelIntake {
  private everyone: GroupConsumer | undefined;
  private claiming: RunningConsumer | undefined;
  private readonly stopping = new AbortController();

  constructor(private readonly parts: CancelParts) {}

  async start(): Promise<void> {
    const { driver, instance, codec, logger, metrics } = this.parts;
    const listening = Promise.withResolvers<void>();
    this.everyone = driver.consume({
      group: this.ownGroup(instance),
      topics: [controlTopic],
      startFrom: 'latest',
      run: (partition) => this.listen(partition),
      onState: (state) => state === 'running' && listening.resolve(),
    });
    this.claiming = await startConsumer<AnyCommand>({
      driver,
      codec: {
        decode: (record) => {
          const { command, metadata } = codec.decode(record);
          return { event: command, metadata };
        },
        learn: (id) => codec.learn(id),
      },
      handler: { handleBatch: (batch) => this.claim(batch) },
      options: { group: cancelsGroup, topics: [controlTopic] },
      logger,
      metrics,
    });
    // Before requests are read: a cancel that comes behind its request is then always heard.
    await Promise.race([listening.promise, sleep(10_000, this.stopping.signal)]);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.claiming?.stop();
    await this.everyone?.stop();
    const admin = await this.parts.driver.admin().catch(() => undefined);
    await admin?.deleteGroups([this.ownGroup(this.parts.instance)]).catch(() => undefined);
    await admin?.close();
  }

  private ownGroup(instance: string): string {
    return `inference-worker.control.${instance.replaceAll(/[^A-Za-z0-9._-]/g, '-')}`;
  }

  private async listen(partition: AssignedPartition): Promise<void> {
    await partition.start(undefined);
    while (!partition.intake.aborted) {
      const chunk = await partition.read(readLimits);
      for (const record of chunk?.records ?? []) {
        const cancel = await this.read(record);
        if (!cancel) continue;
        const { data } = cancel.command;
        this.parts.worker.cancel(cancel.metadata.tenantId, data.request_id, data.reason, data.cancelled_by);
      }
    }
  }

  /** What cannot be read is the claiming group's to set aside. */
  private async read(record: IncomingRecord): Promise<Cancel | undefined> {
    try {
      return cancelOf(this.parts.codec.decode(record));
    } catch (error) {
      if (error instanceof UndecodableRecordError) return undefined;
      if (!(error instanceof WriterSchemaUnknownError)) throw error;
      await this.parts.codec.learn(error.schemaId).catch(() => undefined);
      try {
        return cancelOf(this.parts.codec.decode(record));
      } catch {
        return undefined;
      }
    }
  }

  private async claim(batch: Batch<AnyCommand>): Promise<Outcomes<AnyCommand>> {
    const newest = Math.max(0, ...batch.messages.map(({ record }) => record.timestampMs));
    await sleep(Math.min(holderMs, newest + holderMs - systemClock.nowMs()), batch.signal);
    await Promise.all(
      batch.messages.map(async ({ event, envelope }) => {
        const cancel = cancelOf({ command: event, metadata: envelope.metadata });
        if (cancel) await this.settle(cancel, batch.signal);
      }),
    );
    return batch.allDone();
  }

  private async settle({ command: { data }, metadata }: Cancel, signal: AbortSignal): Promise<void> {
    const { records, desk } = this.parts;
    const none = { user_id: null, agent_id: null, execution_id: null, workflow_id: null, step_id: null };
    const { record, claim } = records.outcome(contextOf(metadata), {
      type: 'inference.cancelled',
      data: {
        ...none,
        request_id: requestId(data.request_id),
        session_id: data.request?.session_id ?? null,
        model: data.request?.model ?? 'unknown',
        reason: data.reason,
        cancelled_by: data.cancelled_by,
        attempts: 0,
      },
    });
    const settlement = { tenantId: metadata.tenantId, requestId: data.request_id, attempt: undefined, outcome: claim };
    await desk.settle({ ...settlement, records: [record], costUsd: '0', tokens: 0 }, signal);
  }
}

type Cancel = CommandEnvelope & { readonly command: inferenceCommand.Cancel };

function cancelOf(envelope: CommandEnvelope): Cancel | undefined {
  const { command } = envelope;
  return command.type === 'inference.cancel' ? { ...envelope, command } : undefined;
}
