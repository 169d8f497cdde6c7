import type { EventMap } from './generated/event-map.js';
import type { EventMetadata } from './event.js';

/** A name of the catalogue, such as `workflow.step_completed`. */
export type EventType = keyof EventMap;

/** Any event of the catalogue; narrow it by `type`. */
export type AnyEvent = EventMap[EventType];

/** The payload of a type. */
export type EventData<Type extends EventType> = EventMap[Type]['data'];

/** An event and what is known about it. */
export interface EventEnvelope<E extends AnyEvent = AnyEvent> {
  readonly event: E;
  readonly metadata: EventMetadata;
}

export interface EventTypeInfo {
  readonly type: EventType;
  /** Full name of the Avro record, `workflow.StepCompleted`. */
  readonly record: string;
  /** A fact nobody can refuse; a decision begins as a command. */
  readonly kind: 'fact' | 'decision';
  /** Without prefix. `{field}` stands for the value of that field; `topicOf` fills it in. */
  readonly topic: string;
  /** For decisions: the request to use instead of sending the event. */
  readonly command?: string;
  /** The first of these payload fields that is not null is the event's subject; all null: the sender chooses it. */
  readonly subject: readonly string[];
  /** Lower case hex SHA-256 of the canonical schema. */
  readonly schemaFingerprint: string;
  /** `urn:chorda:schema:<record>:<fingerprint>`. */
  readonly dataSchema: string;
  readonly doc: string;
}
