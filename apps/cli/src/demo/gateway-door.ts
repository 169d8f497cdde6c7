import { BatchFailedError, uncheckedEvent, type ChordaClient, type SendResult } from '@chorda/client';
import type { DemoEvent } from './demo-event.js';
import { DoorClosedError, type Door, type DoorAnswer } from './sender.js';

/** The HTTP door of a gateway. The client's own retries are to be off: the sender decides what goes again, and when. */
export class GatewayDoor implements Door {
  constructor(
    private readonly client: ChordaClient,
    private readonly signal: AbortSignal,
  ) {}

  async send(events: readonly DemoEvent[]): Promise<readonly DoorAnswer[]> {
    try {
      const results = await this.client.events.sendAll(events.map(cloudEvent), { signal: this.signal });
      return results.map(answerOf);
    } catch (error) {
      // A problem with the request as a whole that no other try would change is one with every request.
      if (error instanceof BatchFailedError && !error.retriable)
        throw new DoorClosedError(error.message, { cause: error.cause });
      throw error;
    }
  }
}

function cloudEvent(event: DemoEvent) {
  return uncheckedEvent({
    id: event.id,
    source: event.source,
    type: event.type,
    subject: event.subject,
    time: new Date(event.timeMs),
    correlationid: event.correlationId,
    ...(event.causationId === undefined ? {} : { causationid: event.causationId }),
    ...(event.streamVersion === undefined ? {} : { streamversion: event.streamVersion }),
    data: event.data,
  });
}

function answerOf(result: SendResult): DoorAnswer {
  if (result.status === 'logged') return { kind: 'acknowledged', position: result.position };
  const { error } = result;
  const issues = error.issues.map((issue) => `${issue.pointer} ${issue.detail}`).join('; ');
  const reason = issues === '' ? error.message : `${error.message} (${issues})`;
  // A refusal for want of room is none for good: the same event is taken later.
  return result.status === 'refused' && !error.retriable ? { kind: 'refused', reason } : { kind: 'unknown', reason };
}
