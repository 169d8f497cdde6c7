import type { EventEnvelope } from '@chorda/contracts';
import { eventJsonText, type EventPlace } from '../events/event-json.js';

/** One event on its way to the clients of the tail. Its text is made once, by the first client that wants it. */
export class TailEvent {
  private text: string | undefined;

  constructor(
    readonly envelope: EventEnvelope,
    readonly place: EventPlace,
    /** What it weighs in memory: the bytes of its record. */
    readonly bytes: number,
  ) {}

  /** One event is (tenant, source, id): a second record of the same is a repeat. */
  get identity(): string {
    const { tenantId, source, id } = this.envelope.metadata;
    return `${tenantId}\n${source}\n${id}`;
  }

  /** JSON on one line, so no text of a sender can begin a line of the stream. */
  json(): string {
    this.text ??= eventJsonText(this.envelope, this.place);
    return this.text;
  }
}

/** What a client wants to see; a member left out means all. */
export interface TailFilter {
  readonly types?: ReadonlySet<string>;
  readonly topics?: ReadonlySet<string>;
  readonly subject?: string;
  readonly source?: string;
  readonly correlationId?: string;
}

/** Whether the event is for this tenant and this filter. The tenant is asked for every single event. */
export function isFor(
  { envelope: { event, metadata }, place }: TailEvent,
  tenantId: string,
  filter: TailFilter,
): boolean {
  return (
    metadata.tenantId === tenantId &&
    (filter.types?.has(event.type) ?? true) &&
    (filter.topics?.has(place.topic) ?? true) &&
    (filter.subject === undefined || filter.subject === metadata.subject) &&
    (filter.source === undefined || filter.source === metadata.source) &&
    (filter.correlationId === undefined || filter.correlationId === metadata.correlationId)
  );
}
