export type { JsonValue } from '@chorda/kernel';
export type {
  Command,
  CommandMetadata,
  Decimal,
  DecisionMetadata,
  Delta,
  Event,
  EventMetadata,
  JsonText,
  TimestampMs,
  Work,
} from './event.js';
export type { AnyEvent, EventData, EventEnvelope, EventType, EventTypeInfo } from './event-type.js';
export type * from './generated/areas.js';
export type { EventDefaults, EventMap } from './generated/event-map.js';
export { eventTypes } from './generated/event-types.js';
export type { CommandMap, DeltaMap, WorkMap } from './generated/message-map.js';
export { commandTypes, deltaTypes, workTypes } from './generated/message-types.js';
export {
  allCommandTypes,
  allDeltaTypes,
  allWorkTypes,
  isCommandType,
  isDeltaType,
  isWorkType,
  type AnyCommand,
  type AnyDelta,
  type AnyWork,
  type CommandData,
  type CommandEnvelope,
  type CommandType,
  type CommandTypeInfo,
  type DeltaData,
  type DeltaEnvelope,
  type DeltaType,
  type DeltaTypeInfo,
  type WorkData,
  type WorkEnvelope,
  type WorkType,
  type WorkTypeInfo,
} from './message-types.js';
export * from './generated/ids.js';
export {
  allEventTypes,
  eventSchemaOf,
  isEventType,
  knownEventTypes,
  subjectOf,
  topicOf,
  topicsOf,
} from './catalogue.js';
export {
  addRegisteredTypes,
  IncompatibleSchemaError,
  isRegisteredType,
  registeredSchema,
  registeredTypePattern,
  registeredTypes,
  registeredVersions,
  type RegisteredType,
} from './registered/registered-types.js';
export { avroOfJsonSchema } from './registered/json-schema.js';
export type { EventSchema } from './schema/event-schema.js';
export { withTypes as asyncApiWithTypes } from './generator/asyncapi.js';
export { parseCommandData, parseEventData, type ParsedCommand, type ParsedEvent } from './payload/parse.js';
export { eventDataToJson, eventDataToJsonText } from './payload/to-json.js';
export { formatDecimal, parseDecimal } from './payload/decimal.js';
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
export type { RawHeaders, RecordHeaders } from './codec/header-source.js';
export { dataSchemaOf } from './codec/headers.js';
export { MetadataOnDemand } from './codec/metadata-on-demand.js';
export { CommandCodec } from './codec/command-codec.js';
export { DeltaCodec } from './codec/delta-codec.js';
export { EventCodec, type OpenedEvent } from './codec/event-codec.js';
export type { EncodedEvent, EncodedRecord, EventCodecOptions } from './codec/record-codec.js';
export { WorkCodec } from './codec/work-codec.js';
export {
  EventTooLargeError,
  InvalidEventError,
  RegistryRefusedError,
  RegistryUnavailableError,
  SchemaNotFoundError,
  SchemasNotRegisteredError,
  UndecodableRecordError,
  WriterSchemaUnknownError,
  type UndecodableReason,
} from './codec/errors.js';
export { metadataIssues } from './codec/metadata-rules.js';
export type { RegistryConnection } from './registry/registry-client.js';
export {
  checkSchemas,
  checkRegistry,
  registerSchemas,
  registerEventSchema,
  type RegistryOptions,
  type SchemaPresence,
  type SchemaRegistration,
} from './registry/register-schemas.js';
export {
  applyTopics,
  PartitionCountError,
  type ApplyTopicsOptions,
  type TopicAdmin,
  type TopicFacts,
  type TopicOutcome,
} from './topics/apply-topics.js';
export { asyncApiDocument } from './generated/asyncapi.js';
export { runGenerator } from './generator/main.js';
export { releaseSchemas, type Release, type ReleaseOptions } from './generator/release.js';
export { gateIssues } from './generator/gate.js';
export { dataSchemaUrn, schemaFingerprint } from './schema/canonical.js';
export { currentSchemaOf, releasedVersionsOf, type SchemaVersion } from './schema-versions.js';
