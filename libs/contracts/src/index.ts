export type { Decimal, DecisionMetadata, Event, EventMetadata, JsonText, TimestampMs } from './event.js';
export type { AnyEvent, EventData, EventEnvelope, EventType, EventTypeInfo } from './event-type.js';
export type * from './generated/areas.js';
export type { EventMap } from './generated/event-map.js';
export { eventTypes } from './generated/event-types.js';
export * from './generated/ids.js';
export { allEventTypes, isEventType, subjectOf, topicOf, topicsOf } from './catalogue.js';
export { parseEventData, type ParsedEvent } from './payload/parse.js';
export { eventDataToJson } from './payload/to-json.js';
export { jsonText, jsonValue } from './payload/json-text.js';
export { formatTimestamp, parseTimestamp } from './payload/timestamp.js';
export { decodePosition, encodePosition, type PositionPlace } from './position.js';
export {
  catalogueTopic,
  deadLetterTopic,
  eventBytesMax,
  fixedTopics,
  partitionCountOf,
  retryTopic,
  topicCatalogue,
  topicConfig,
  type CatalogueTopic,
} from './topics/catalogue.js';
export { partitionOf } from './topics/partition.js';
