export { serviceEntity, serviceHealthEntity, type ServiceHealthRecord, type ServiceRecord } from './entities.js';
export {
  journalEntity,
  agentEntity,
  executionEntity,
  runEntity,
  stepEntity,
  taskEntity,
  usageEntity,
  inferenceRequestEntity,
  rateEntity,
  deadLetterEntity,
  type JournalRecord,
  type AgentRecord,
  type ExecutionRecord,
  type RunRecord,
  type StepRecord,
  type TaskRecord,
  type UsageRecord,
  type InferenceRequestRecord,
  type RateRecord,
  type DeadLetterRecord,
} from './read-model-entities.js';
export { readModelsDataSource, withTenantManager } from './tenant-manager.js';
