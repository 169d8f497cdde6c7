import type { AvroJson } from './schema/avro.js';
import { readEventSchema, type EventSchema } from './schema/event-schema.js';
import type { AnyEvent, EventType, EventTypeInfo } from './event-type.js';
import { eventTypes } from './generated/event-types.js';
import { currentSchemas, releasedSchemas } from './generated/schemas.js';
import { messageTopic, messageTopics, messageSubject, type TypeCatalogue } from './type-catalogue.js';

export function isEventType(text: string): text is EventType {
  return Object.hasOwn(eventTypes, text);
}

/** The types of this build. */
export const allEventTypes: readonly EventType[] = Object.keys(eventTypes).filter(isEventType);

/** Those of this build and those that were registered since this process knows of them. */
export function knownEventTypes(): readonly EventType[] {
  return Object.keys(eventTypes).filter(isEventType);
}

/** Schemas that were read already. */
export const eventSchemas = new Map<EventType, EventSchema>();

/** The schema of a type, understood; read once. */
export function eventSchemaOf(type: EventType): EventSchema {
  let schema = eventSchemas.get(type);
  if (!schema) {
    const avro: AvroJson = JSON.parse(currentSchemas[type]);
    schema = readEventSchema(avro);
    eventSchemas.set(type, schema);
  }
  return schema;
}

/** Events as a codec sees them. */
export const eventCatalogue: TypeCatalogue = {
  infos: eventTypes,
  schemas: currentSchemas,
  released: releasedSchemas,
  schemaOf: (type) => {
    if (!isEventType(type)) throw new TypeError(`${type} is no event type`);
    return eventSchemaOf(type);
  },
};

/** The topic that an event is written to. Only `inference.requested` chooses among several, by its priority. */
export function topicOf(event: AnyEvent): string {
  return messageTopic(eventTypes[event.type], event.data);
}

/** Every topic that events of the type are written to. */
export function topicsOf(type: EventType): readonly string[] {
  return messageTopics(eventCatalogue, type);
}

/**
 * The subject that an event must have: what its payload names, undefined where the payload leaves it to the sender.
 * An event under another subject would have another key and lose its place among its aggregate's events.
 */
export function subjectOf(event: AnyEvent, info: EventTypeInfo = eventTypes[event.type]): string | undefined {
  return messageSubject(info, event.data);
}
