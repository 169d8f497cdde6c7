import type { AvroJson } from './schema/avro.js';
import { readEventSchema, type EventSchema } from './schema/event-schema.js';
import type { AnyEvent, EventType, EventTypeInfo } from './event-type.js';
import { eventTypes } from './generated/event-types.js';
import { currentSchemas } from './generated/schemas.js';

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

/** The topic that an event is written to. Only `inference.requested` chooses among several, by its priority. */
export function topicOf(event: AnyEvent): string {
  const { topic } = eventTypes[event.type];
  if (!topic.includes('{')) return topic;
  return topic.replace(/\{([a-z_]+)\}/, (_, field: string) => {
    const value: unknown = Object.entries(event.data).find(([name]) => name === field)?.[1];
    // A later version may know more priorities; its requests are served as normal ones.
    return value === undefined || value === 'unknown' ? 'normal' : String(value);
  });
}

/** Every topic that events of the type are written to. */
export function topicsOf(type: EventType): readonly string[] {
  const { topic } = eventTypes[type];
  const field = /\{([a-z_]+)\}/.exec(topic)?.[1];
  if (field === undefined) return [topic];
  const shape = eventSchemaOf(type).shape.fields.find(({ name }) => name === field);
  if (shape?.type.kind !== 'enum') throw new TypeError(`${type}: {${field}} of its topic is no enum field`);
  return shape.type.symbols
    .filter((symbol) => symbol !== 'unknown')
    .map((symbol) => topic.replace(`{${field}}`, symbol));
}

/**
 * The subject that an event must have: what its payload names, undefined where the payload leaves it to the sender.
 * An event under another subject would have another key and lose its place among its aggregate's events.
 */
export function subjectOf(event: AnyEvent, info: EventTypeInfo = eventTypes[event.type]): string | undefined {
  const data: Readonly<Record<string, unknown>> = event.data;
  for (const field of info.subject) {
    const value = data[field];
    if (typeof value === 'string') return value;
  }
  return undefined;
}
