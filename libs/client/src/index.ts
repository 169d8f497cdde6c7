export { KeysApi, TenantsApi, type CallOptions } from './access.js';
export {
  AgentsApi,
  CommandsApi,
  ExecutionsApi,
  type CommandAnswer,
  type CommandOptions,
  type HistoryOptions,
  type MemoryEntry,
  type StateOptions,
} from './agents.js';
export {
  InferenceApi,
  type AskOptions,
  type CancelOptions,
  type FollowOptions,
  type InferenceAnswer,
  type InferenceMessage,
} from './inference.js';
export {
  ToolsApi,
  type CallLease,
  type CallResult,
  type PollRequest,
  type ToolFault,
  type ToolRegistration,
} from './tools.js';
export { isPayloadRef, PayloadsApi, type PayloadRef } from './payloads.js';
export { StepError, StepWorker, type StepContext, type StepFunction, type StepWorkerOptions } from './step-worker.js';
export { ToolCallError, Worker, type ToolContext, type ToolFunction, type WorkerOptions } from './worker.js';
export type { WorkerTrouble } from './leased-work.js';
export { TriggersApi } from './triggers.js';
export { RunJobsApi } from './run-jobs.js';
export { SchedulesApi, type ScheduleAnswer } from './schedules.js';
export { RunsApi, StepsApi, TasksApi, type RunAnswer, type StepLease } from './runs.js';
export { ChordaClient, type ChordaClientOptions, type StoryOptions } from './chorda-client.js';
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
  FilterValue,
  Incompleteness,
  ListItem,
  ListItems,
  Listing,
  ListName,
  ListOptions,
  ListPage,
  ReadOneOptions,
  UsageQuery,
} from './read-models.js';
export { DeadLettersApi, SchemasApi, TopicsApi, type DeadLetterPlace } from './log.js';
/** What the gateway answers, by the names of `/openapi.json`. */
export type * as Answers from './generated/answers.js';
export type { ServiceInstance, SystemState } from './system.js';
export { TailBrokenError, type TailMessage, type TailOptions } from './tail-connection.js';
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
export { NotReachedError, type WaitOptions } from './wait-for.js';
export { WorkflowsApi, type ApplyWorkflowOptions } from './workflows.js';
