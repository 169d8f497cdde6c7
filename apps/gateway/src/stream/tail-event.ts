import type { EventEnvelope, EventMetadata, OpenedEvent } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import { isPlanted } from '@chorda/platform';
import { eventJsonText, type EventPlace } from '../events/event-json.js';
import type { EventFilter, FilterSubject } from './filter/event-filter.js';

/** One event on its way to the clients of the tail. Its payload is decoded, and its text made, by the first who asks. */
export class TailEvent implements FilterSubject {
  private text: string | undefined;
  private isUnreadable = false;
  /** Told how much heavier it has become in memory. */
  onGrown: ((bytes: number) => void) | undefined;

  constructor(
    private readonly opened: OpenedEvent,
    readonly place: EventPlace,
    /** What it weighs in memory: the bytes of its record, and of its text once it has one. */
    public bytes: number,
  ) {}

  static of(envelope: EventEnvelope, place: EventPlace, bytes: number): TailEvent {
    return new TailEvent(
      { type: envelope.event.type, metadata: envelope.metadata, read: () => envelope },
      place,
      bytes,
    );
  }

  get type(): OpenedEvent['type'] {
    return this.opened.type;
  }

  get metadata(): EventMetadata {
    return this.opened.metadata;
  }

  get source(): string {
    return this.metadata.source;
  }

  get subject(): string {
    return this.metadata.subject;
  }

  get id(): string {
    return this.metadata.id;
  }

  get timeMs(): number {
    return this.metadata.timeMs;
  }

  get tenant(): string {
    return this.metadata.tenantId;
  }

  get topic(): string {
    return this.place.topic;
  }

  get correlationId(): string {
    return this.metadata.correlationId;
  }

  get causationId(): string | undefined {
    return this.metadata.causationId;
  }

  /** One event is (tenant, source, id): a second record of the same is a repeat. */
  get identity(): string {
    return `${this.tenant}\n${this.source}\n${this.id}`;
  }

  /** The stream of a decision and its place in it; a fact has none. */
  get version(): { readonly stream: string; readonly number: bigint } | undefined {
    const { streamVersion: number, stream: named = this.subject } = this.metadata.decision ?? {};
    const stream = isPlanted('tail-streams-as-one') ? this.subject : named;
    return number === undefined ? undefined : { stream: `${this.tenant}\n${this.topic}\n${stream}`, number };
  }

  /**
   * JSON on one line, so no text of a sender can begin a line of the stream. Undefined: its payload is not what its
   * schema says, so there is no event to show.
   */
  json(): string | undefined {
    if (this.text !== undefined || this.isUnreadable) return this.text;
    try {
      this.text = eventJsonText(this.opened.read(), this.place);
    } catch {
      this.isUnreadable = true;
      return undefined;
    }
    this.bytes += this.text.length;
    this.onGrown?.(this.text.length);
    return this.text;
  }

  /** @throws where its payload cannot be read. */
  data(): JsonValue {
    const event: JsonValue = JSON.parse(this.json() ?? '');
    return Object(event).data;
  }
}

/** What a client wants to see; a member left out means all. */
export interface TailFilter {
  readonly types?: ReadonlySet<string>;
  readonly topics?: ReadonlySet<string>;
  readonly subject?: string;
  readonly source?: string;
  readonly correlationId?: string;
  readonly expression?: EventFilter;
}

/** Two filters with the same key let the same events through. */
export function filterKey({ types, topics, expression, ...rest }: TailFilter): string {
  const sorted = (values: ReadonlySet<string> | undefined) => values && [...values].sort();
  const { subject, source, correlationId } = rest;
  return JSON.stringify([sorted(types), sorted(topics), subject, source, correlationId, expression?.text]);
}

/** Whether the event is for this tenant and what was asked for by name. The tenant is asked for every single event. */
export function isFor(event: TailEvent, tenantId: string, filter: TailFilter): boolean {
  return (
    event.tenant === tenantId &&
    (filter.types?.has(event.type) ?? true) &&
    (filter.topics?.has(event.topic) ?? true) &&
    (filter.subject === undefined || filter.subject === event.subject) &&
    (filter.source === undefined || filter.source === event.source) &&
    (filter.correlationId === undefined || filter.correlationId === event.correlationId)
  );
}
