export { ChordaClient, type ChordaClientOptions } from './chorda-client.js';
export type { RetryOptions } from './backoff.js';
export {
  uncheckedEvent,
  type OutgoingAttributes,
  type OutgoingData,
  type OutgoingEvent,
  type ReceivedData,
  type ReceivedEvent,
  type UncheckedEvent,
} from './cloud-event.js';
export {
  ChordaError,
  GatewayTimeoutError,
  GatewayUnreachableError,
  InvalidCallError,
  ProblemError,
  UnexpectedAnswerError,
  type ProblemDocument,
  type RequestIssue,
} from './errors.js';
export {
  BatchFailedError,
  type EventFilter,
  type EventPage,
  type EventsApi,
  type EventSearch,
  type Logged,
  type ReadOptions,
  type SearchOptions,
  type CheckResult,
  type SendAllOptions,
  type SendOptions,
  type SendResult,
  type SendResults,
} from './events.js';
export type { Rebuild, RebuildAction, RebuildOptions, RebuildReport, RebuildsApi, RebuildState } from './rebuilds.js';
export type { ProjectionPartition, ProjectionState, ProjectionStates } from './projections.js';
export type {
  DeadLetterPlace,
  FilterValue,
  Incompleteness,
  ListItem,
  Listing,
  ListName,
  ListOptions,
  ListPage,
  ReadOneOptions,
  RedriveWish,
  UsageQuery,
} from './read-models.js';
export type { ServiceInstance, SystemState } from './system.js';
export { TailBrokenError, type TailMessage, type TailOptions } from './tail.js';
export {
  ParkedApi,
  type ParkedDiscard,
  type ParkedEvent,
  type ParkedGroup,
  type ParkedPage,
  type ParkedRetry,
  type ParkedSequence,
  type ParkedWhole,
} from './parked.js';
