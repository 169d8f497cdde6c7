import {
  currentSchemaOf,
  eventTypes,
  isEventType,
  isRegisteredType,
  knownEventTypes,
  releasedVersionsOf,
  type EventType,
} from '@chorda/contracts';

function summaryOf(type: EventType) {
  const info = eventTypes[type];
  return {
    type: info.type,
    kind: info.kind,
    topic: info.topic,
    record: info.record,
    doc: info.doc,
    command: info.command ?? null,
    data_schema: info.dataSchema,
    origin: isRegisteredType(type) ? ('registered' as const) : ('catalogue' as const),
  };
}

/** Every type, by name, without its schema. */
export function shownSchemas() {
  return knownEventTypes().toSorted().map(summaryOf);
}

/** One type with its Avro schema, and every released version of it. */
export function shownSchema(type: string) {
  if (!isEventType(type)) return undefined;
  return { ...summaryOf(type), avro: currentSchemaOf(type), versions: releasedVersionsOf(type) };
}
