import type { EventCodec, OpenedEvent } from '@chorda/contracts';
import { BackboneError, sleep, type Logger } from '@chorda/kernel';
import type { IncomingRecord } from '@chorda/messaging';
import type { TailMetrics } from './tail.metrics.js';
import { TailEvent } from './tail-event.js';

const registryWaitMs = 1000;
/** Besides the bytes of a record, what its fields and its places in the maps take. */
const eventOverheadBytes = 512;

/**
 * Records to events of the tail. What cannot be read is no event: it is counted and passed, since setting it aside is the
 * projector's task and one copy of it is enough.
 */
export class RecordOpener {
  constructor(
    private readonly codec: EventCodec,
    private readonly metrics: TailMetrics,
    private readonly logger: Logger,
  ) {}

  async open(records: readonly IncomingRecord[], signal: AbortSignal): Promise<readonly TailEvent[]> {
    const events: TailEvent[] = [];
    for (const record of records) {
      // A promise only for those few that need it: this runs for every record of every topic.
      const opened = this.tryOpen(record) ?? (await this.learnAndOpen(record, signal));
      if (opened !== undefined) events.push(eventOf(record, opened));
    }
    return events;
  }

  private tryOpen(record: IncomingRecord): OpenedEvent | undefined {
    try {
      return this.codec.open(record);
    } catch {
      return undefined; // Said again, and looked at, by who tries with the registry.
    }
  }

  private async learnAndOpen(record: IncomingRecord, signal: AbortSignal): Promise<OpenedEvent | undefined> {
    for (;;) {
      try {
        return this.codec.open(record);
      } catch (error) {
        const schemaId = unknownSchema(error);
        if (schemaId !== undefined && (await this.learn(schemaId, signal))) continue;
        this.metrics.tailUnreadable.inc();
        this.logger.debug('A record is no event that can be shown', { error, topic: record.topic });
        return undefined;
      }
    }
  }

  /** False when the registry has no such schema. While it is away, the partition waits: it may be everybody's schema. */
  private async learn(schemaId: number, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      try {
        await this.codec.learn(schemaId);
        return true;
      } catch (error) {
        if (!(error instanceof BackboneError) || !error.retriable) return false;
        await sleep(registryWaitMs, signal);
      }
    }
    return false;
  }
}

function eventOf(record: IncomingRecord, opened: OpenedEvent): TailEvent {
  const { topic, partition, offset, timestampMs: recordTimeMs } = record;
  const bytes = eventOverheadBytes + (record.value?.length ?? 0);
  return new TailEvent(opened, { topic, partition, offset, recordTimeMs }, bytes);
}

function unknownSchema(error: unknown): number | undefined {
  return error instanceof Error && 'schemaId' in error && typeof error.schemaId === 'number'
    ? error.schemaId
    : undefined;
}
