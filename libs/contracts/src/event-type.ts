import type { EventMap } from './generated/event-map.js';
import type { EventMetadata } from './event.js';
import type { MessageInfo } from './type-catalogue.js';

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

export interface EventTypeInfo extends MessageInfo {
  readonly type: EventType;
  /** A fact nobody can refuse; a decision begins as a command. */
  readonly kind: 'fact' | 'decision';
}
