export {
  ApiKeyRepository,
  operatorAtTheDatabase,
  type ApiKeyRecord,
  type NewApiKeyRecord,
  type StoredApiKey,
} from './access/api-key.repository.js';
export {
  AuditOutbox,
  type ActorType,
  type AuditActor,
  type AuditEntry,
  type WaitingAuditEvent,
} from './access/audit-outbox.js';
export { AnswerKeeper, type AnswerKeeperParts } from './agent-work/answer-keeper.js';
export { AgentToolRepository, type AgentTool, type RegisteredTool } from './agent-work/agent-tool.repository.js';
export {
  AgentWorkRepository,
  stepAnsweredChannel,
  stepReadyChannel,
  stepRevokedChannel,
  workAnsweredChannel,
  workReadyChannel,
  workRevokedChannel,
} from './agent-work/agent-work.repository.js';
export type {
  AnsweredWork,
  BegunWork,
  CallsWanted,
  ExpiredLeases,
  LeasedWork,
  NewWork,
  WorkAnswer,
} from './agent-work/work-rows.js';
export { BackupConflictError, BackupNotReadableError } from './backup/backup-errors.js';
export { createBackup, type BackedUpTable } from './backup/create-backup.js';
export { restoreBackup, type RestoreOptions } from './backup/restore-backup.js';
export { keptHereAlone, madeAgain } from './backup/table-standing.js';
export { TenantRepository, type Limits, type TenantChange, type TenantRecord } from './access/tenant.repository.js';
export { formatAdvances, checkpointChannel, type CheckpointAdvance } from './checkpoints/checkpoint-listener.js';
export {
  CheckpointRepository,
  type Checkpoint,
  type IncompleteReason,
  type WaitAnswer,
} from './checkpoints/checkpoint.repository.js';
export {
  placesToAsk,
  projectionStandings,
  standingBounds,
  type LogBeyond,
  type PartitionStanding,
  type ProjectionStanding,
  type ProjectionState,
} from './checkpoints/projection-standing.js';
export { inTransaction } from './database/in-transaction.js';
export { isDatabaseAway } from './database/is-database-away.js';
export { createPool, type PoolOptions } from './database/pool.js';
export { queryPastOldOwner } from './database/query-past-old-owner.js';
export { withoutTenant, withTenant } from './database/with-tenant.js';
export {
  IdempotentAnswerRepository,
  type Claim,
  type ClaimOutcome,
  type IdempotencyScope,
  type KeptAnswer,
} from './idempotency/idempotent-answer.repository.js';
export { firstSince, type FirstPlace } from './journal/first-since.js';
export type { JournalEntry } from './journal/journal-entry.js';
export {
  JournalRepository,
  pageSizeMax,
  type JournalFilter,
  type JournalLookup,
} from './journal/journal.repository.js';
export {
  CorrelationStories,
  storyEventsMax,
  tellStory,
  type StoryEvent,
  type StoryOrder,
  type Told,
} from './journal/correlation-story.js';
export { agentsList } from './lists/agents.list.js';
export { deadLettersList } from './lists/dead-letters.list.js';
export { executionsList } from './lists/executions.list.js';
export { inferenceRequestsList } from './lists/inference-requests.list.js';
export { parkedList } from './lists/parked.list.js';
export { schedulesList } from './lists/schedules.list.js';
export { journalList, listedEntry, type JournalListRow } from './lists/journal.list.js';
export {
  defineList,
  fieldOf,
  filterOperators,
  parseSort,
  sortTexts,
  type FieldType,
  type FilterOperator,
  type ListCondition,
  type ListDefinition,
  type ListField,
  type ListRequest,
  type ListSort,
  type Sort,
} from './lists/list-definition.js';
export { runsList } from './lists/runs.list.js';
export { stepsList } from './lists/steps.list.js';
export { tasksList } from './lists/tasks.list.js';
export {
  ListReader,
  type ListCount,
  type ListPage,
  type ListReaderOptions,
  type ListRow,
} from './lists/list-reader.js';
export { listedFields, pageStatement, shownFields, type Statement } from './lists/list-statement.js';
export { migrate, MigrationError } from './migrations/migrate.js';
export { pendingMigrations } from './migrations/pending-migrations.js';
export { readerRole, ReaderRoleError } from './migrations/reader-role.js';
export { ChannelListener } from './database/channel-listener.js';
export {
  discardedOffsets,
  markAnnounced,
  parkedDiscardedEvent,
  unannouncedDiscards,
  type ParkedDiscard,
} from './parked/parked-discard.js';
export { decodeParkedHeaders, encodeParkedHeaders } from './parked/parked-headers.js';
export {
  parkedChannel,
  ParkedRepository,
  type DiscardAnswer,
  type DiscardRequest,
  type ParkedEvent,
  type ParkedGroup,
  type ParkedSequence,
} from './parked/parked.repository.js';
export { dayMs, dayOf, dropDayPartitions, ensureDayPartitions, partitionDays } from './partitions/day-partitions.js';
export {
  RebuildRepository,
  type ActionAnswer,
  type RebuildRequest,
  type RequestAnswer,
} from './rebuilds/rebuild.repository.js';
export {
  rebuildActions,
  rebuildStates,
  type RebuildAction,
  type RebuildPartition,
  type RebuildReport,
  type RebuildStanding,
  type RebuildState,
  type RowDifference,
  type TenantDifference,
} from './rebuilds/rebuild.js';
export { RatesRepository, type TopicMinute, type TypeTotal } from './rates/rates.repository.js';
export {
  usageGroups,
  UsageRepository,
  type UsageAnswer,
  type UsageGroup,
  type UsageQuery,
  type UsageSums,
} from './usage/usage.repository.js';
export { ServicesRepository, type ServiceHealthPoint, type ServiceInstance } from './services/services.repository.js';
export {
  ExternalTypeRepository,
  ExternalTypesFullError,
  ExternalTypeTakenError,
  type ExternalTypeRecord,
  type ExternalTypeVersion,
  type NewVersion,
} from './external-types/external-type.repository.js';
export { ExternalTypesWatch, type ExternalTypesWatchParts } from './external-types/external-types-watch.js';
export {
  InferenceOutcomeRepository,
  type BegunAttempt,
  type BudgetLimit,
  type ClaimedOutcome,
  type NewAttempt,
  type OpenAttempt,
  type OutboxRecord as InferenceOutboxRecord,
  type Reserve,
  type SettledRequest,
  type Settlement,
  type UnpublishedRecord,
} from './inference/inference-outcome.repository.js';
export { InferenceReader, type OfferedModel, type StoredOutcome } from './inference/inference-reader.js';
export { WorkerPresence } from './inference/worker-presence.js';
export { InferenceModelRepository, type ServedModel } from './inference/inference-model.repository.js';
export {
  WorkflowDefinitionRepository,
  WorkflowsFullError,
  workflowVersionsMax,
  workflowsMax,
  type DefinitionFormat,
  type NewWorkflowVersion,
  type StoredWorkflow,
  type WorkflowVersion,
  type WorkflowVersionSummary,
} from './workflows/workflow-definition.repository.js';
export {
  TriggerRepository,
  triggersChannel,
  TriggersFullError,
  triggersMax,
  type CountedTrigger,
  type NewTrigger,
  type TriggerCame,
  type TriggerKind,
  type WorkflowTrigger,
} from './workflows/trigger.repository.js';
export {
  refusalsNamedMax,
  runActions,
  RunJobRepository,
  runJobsChannel,
  RunJobsFullError,
  runJobsMax,
  runsOfJobMax,
  type LeasedRunJob,
  type NewRunJob,
  type RunAction,
  type RunJob,
  type RunRefusal,
} from './workflows/run-job.repository.js';
export {
  AwaitedEventsRepository,
  awaitedEventsMax,
  type AwaitedByTenant,
  type AwaitedEventType,
} from './workflows/awaited-events.repository.js';
export {
  keptBytesMax,
  keptEventsMax,
  RunEventsRepository,
  type EmittedEvent,
  type EventWait,
  type FoundWait,
  type RunRef,
} from './workflows/run-events.repository.js';
