import type { EventCodec, EventMetadata, inference } from '@chorda/contracts';
import { isPlanted } from '@chorda/platform';
import type { InferenceReader, StoredOutcome } from '@chorda/read-models';
import type { OutcomeDesk } from './outcome-desk.js';
import type { OutcomeEvent } from './outcome-events.js';
import type { Replies } from './replies.js';

export interface TellAgainParts {
  readonly reader: Pick<InferenceReader, 'outcomes'>;
  readonly codec: Pick<EventCodec, 'decode'>;
  readonly replies: Replies;
  readonly desk: OutcomeDesk;
}

/**
 * Whoever asked for a reply gets one, also where the outcome was decided by one who had no request in hand: a cancel knows
 * the request's id and not who waits for it. Told twice, a command has the same id both times.
 */
export class TellAgain {
  constructor(private readonly parts: TellAgainParts) {}

  /** @throws what Postgres says, when `signal` has ended the tries. */
  async tell(metadata: EventMetadata, data: inference.Requested['data'], signal: AbortSignal): Promise<void> {
    if (data.reply_to === null || isPlanted('answers-waiter-not-told')) return;
    const { tenantId } = metadata;
    const { request_id: requestId } = data;
    const [stored] = await this.parts.reader.outcomes([{ tenantId, requestId }]);
    const outcome = stored && this.read(stored);
    const reply = outcome && this.parts.replies.record(metadata, data, outcome);
    if (!reply) return;
    const settled = { tenantId, requestId, attempt: undefined, outcome: undefined, costUsd: '0', tokens: 0 };
    await this.parts.desk.settle({ ...settled, records: [reply] }, signal);
  }

  private read({ tenantId, requestId, value, headers }: StoredOutcome): OutcomeEvent | undefined {
    const raw = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]));
    const key = Buffer.from(`${tenantId}/${requestId}`);
    const { event } = this.parts.codec.decode({ topic: 'inference.events', key, value, headers: raw });
    return isOutcome(event) ? event : undefined;
  }
}

const outcomeTypes = ['inference.completed', 'inference.failed', 'inference.expired', 'inference.cancelled'];

function isOutcome(event: { readonly type: string }): event is OutcomeEvent {
  return outcomeTypes.includes(event.type);
}
