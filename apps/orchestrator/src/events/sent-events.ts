import { workflowLimits } from '@chorda/domain';
import { BackboneError, derivedId, type JsonValue } from '@chorda/kernel';
import type { Batch, BatchHandler, Message, Outcomes } from '@chorda/messaging';
import type { AwaitedByTenant, EmittedEvent } from '@chorda/read-models';
import { expressions } from '@chorda/workflows';
import { eventValue } from '../routing/event-value.js';
import type { Opened } from '../routing/opened-events.js';
import type { AwaitedBook } from './awaited-book.js';
import type { RunEvents } from './run-events.js';
import { sentChannel } from './sent-channel.js';

export interface SentEventsParts {
  readonly book: AwaitedBook;
  readonly runs: Pick<RunEvents, 'deliver'>;
  /** One of which a correlation made no key. */
  readonly onKeyless: () => void;
}

/** It waits among the dead letters: nobody who waits for it can be told. */
class EventUnusableError extends BackboneError {
  readonly retriable = false;

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** A clock of another machine may be so far behind ours. */
const clockSkewMs = 5_000;
const bytesMax = workflowLimits.signalBytesMax;

/** Brings events that producers send to runs that wait for their type and key, also where they begin to wait later. */
export class SentEvents implements BatchHandler<Opened> {
  constructor(private readonly parts: SentEventsParts) {}

  async handleBatch(batch: Batch<Opened>): Promise<Outcomes<Opened>> {
    const { book, runs } = this.parts;
    await book.refresh();
    const outcomes = batch.allDone();
    const bySubject = new Map<string, EmittedEvent[]>();
    for (const message of batch.messages) {
      const awaited = this.awaiting(message);
      if (awaited.length === 0) continue;
      const { tenantId, subject } = message.envelope.metadata;
      const own = bySubject.get(`${tenantId}/${subject}`) ?? [];
      bySubject.set(`${tenantId}/${subject}`, own);
      try {
        own.push(...this.emitted(message, awaited));
      } catch (error) {
        outcomes.dead(message, unusable(error));
      }
    }
    await runs.deliver([...bySubject.values()], batch.signal);
    return outcomes;
  }

  private awaiting({ record, event, envelope }: Message<Opened>): readonly AwaitedByTenant[] {
    const recordedMs = Number(record.timestampMs) + clockSkewMs;
    const awaited = this.parts.book.of(envelope.metadata.tenantId, event.type);
    return awaited.filter(({ since }) => recordedMs >= since.getTime());
  }

  /** One for each way in which its key is made. @throws what it cannot be read for, or that it is too large. */
  private emitted(
    { record, event, envelope: { metadata } }: Message<Opened>,
    awaited: readonly AwaitedByTenant[],
  ): readonly EmittedEvent[] {
    const value = eventValue(event);
    const data = JSON.stringify(value['data']);
    if (Buffer.byteLength(data) > bytesMax) {
      throw new EventUnusableError(
        'EVENT_TOO_LARGE',
        `Its data has more than the ${bytesMax} bytes that a run may be told`,
      );
    }
    const { tenantId, source, id, correlationId } = metadata;
    const emittedMs = Number(record.timestampMs);
    return awaited.flatMap(({ name, by, keptMs }): EmittedEvent[] => {
      const key = by === null ? metadata.subject : this.keyOf(by, value);
      if (key === undefined) return [];
      const channel = sentChannel(name, by);
      return [
        {
          ...{ tenantId, correlationId, name, key, data, channel, emittedMs, causeId: id },
          eventId: derivedId(tenantId, 'sent event', source, id, channel),
          // No run said it.
          runId: '',
          expiresMs: emittedMs + (keptMs ?? workflowLimits.emittedTtlMsOf(key)),
        },
      ];
    });
  }

  /** @returns Undefined where there is none: the event is about something else. */
  private keyOf(by: NonNullable<AwaitedByTenant['by']>, event: JsonValue): string | undefined {
    try {
      const key = expressions.evaluate(by, { event });
      if (typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean') return String(key);
    } catch {
      // An event that it was not written for, counted as any other without a key.
    }
    this.parts.onKeyless();
    return undefined;
  }
}

function unusable(error: unknown): BackboneError {
  if (error instanceof BackboneError) return error;
  return new EventUnusableError('EVENT_UNREADABLE', error instanceof Error ? error.message : String(error));
}
