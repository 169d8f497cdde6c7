import { viewEntity, type RecordOf } from './view-entity.js';

const journalColumns = {
  tenant_id: 'text',
  topic: 'text',
  partition: 'int',
  offset: 'bigint',
  record_time: 'timestamp',
  event_id: 'text',
  type: 'text',
  source: 'text',
  subject: 'text',
  event_time: 'timestamp',
  correlation_id: 'text',
  causation_id: 'text?',
  traceparent: 'text?',
  stream_version: 'bigint?',
  schema_fingerprint: 'bytes',
  payload: 'bytes',
  stream: 'text?',
} as const;

/** Every event, as the log has it; its payload is Avro. */
export type JournalRecord = RecordOf<typeof journalColumns>;
export const journalEntity = viewEntity(
  'JournalEntry',
  'journal',
  ['tenant_id', 'topic', 'partition', 'offset', 'record_time'],
  journalColumns,
);

const agentColumns = {
  tenant_id: 'text',
  agent_id: 'text',
  managed: 'boolean',
  state: 'text?',
  state_since: 'timestamp?',
  version: 'bigint?',
  name: 'text?',
  description: 'text?',
  agent_type: 'text?',
  capabilities: 'text[]',
  tools: 'text[]',
  model: 'text?',
  config: 'json?',
  created_by: 'text?',
  created_at: 'timestamp?',
  terminated_at: 'timestamp?',
  deleted_at: 'timestamp?',
  current_execution_id: 'text?',
  executions_started: 'count',
  executions_completed: 'count',
  executions_failed: 'count',
  executions_cancelled: 'count',
  executions_unknown: 'count',
  execution_time_ms: 'count',
  turns: 'count',
  tool_calls: 'count',
  prompt_tokens: 'count',
  cached_prompt_tokens: 'count',
  completion_tokens: 'count',
  cost_usd: 'decimal',
  foreign_facts: 'count',
  last_error_code: 'text?',
  last_error_message: 'text?',
  last_error_at: 'timestamp?',
  first_seen: 'timestamp',
  last_active: 'timestamp',
  definition_version: 'text?',
  instructions: 'text?',
  limits: 'json?',
  memory: 'json?',
  concurrency_max: 'count?',
} as const;

/** An agent with its current state; not managed: known by what others report alone. */
export type AgentRecord = RecordOf<typeof agentColumns>;
export const agentEntity = viewEntity('Agent', 'agents', ['tenant_id', 'agent_id'], agentColumns);

const executionColumns = {
  tenant_id: 'text',
  execution_id: 'text',
  agent_id: 'text',
  managed: 'boolean',
  status: 'text',
  started_at: 'timestamp',
  ended_at: 'timestamp?',
  deadline_at: 'timestamp?',
  execution_time_ms: 'count?',
  user_id: 'text?',
  session_id: 'text?',
  workflow_id: 'text?',
  step_id: 'text?',
  correlation_id: 'text',
  turns: 'count?',
  reason: 'text?',
  cancelled_by: 'text?',
  start_version: 'bigint?',
  end_version: 'bigint?',
  input_data: 'json?',
  output_data: 'json?',
  error: 'json?',
  error_code: 'text?',
  model: 'text?',
  prompt_tokens: 'count?',
  cached_prompt_tokens: 'count?',
  completion_tokens: 'count?',
  cost_usd: 'decimal?',
  source: 'text?',
  fact_id: 'text?',
  fact_is_ours: 'boolean',
  reported_at: 'timestamp?',
  foreign_facts: 'count',
} as const;

/** An execution: state by decisions, payload, tokens and cost by a fact. */
export type ExecutionRecord = RecordOf<typeof executionColumns>;
export const executionEntity = viewEntity(
  'Execution',
  'executions',
  ['tenant_id', 'execution_id', 'agent_id'],
  executionColumns,
);

const runColumns = {
  tenant_id: 'text',
  workflow_id: 'text',
  workflow_name: 'text',
  definition_hash: 'text?',
  status: 'text',
  version: 'bigint?',
  user_id: 'text?',
  parent_workflow_id: 'text?',
  parent_step_id: 'text?',
  forked_from_workflow_id: 'text?',
  forked_at_version: 'bigint?',
  correlation_id: 'text',
  started_at: 'timestamp',
  ended_at: 'timestamp?',
  deadline_at: 'timestamp?',
  paused_at: 'timestamp?',
  execution_time_ms: 'count?',
  reason: 'text?',
  ended_by: 'text?',
  input_data: 'json?',
  output_data: 'json?',
  error: 'json?',
  error_code: 'text?',
  failed_step_id: 'text?',
  current_step_id: 'text?',
  steps_scheduled: 'count',
  steps_completed: 'count',
  steps_failed: 'count',
  steps_compensated: 'count',
  tasks_opened: 'count',
  tasks_closed: 'count',
  signals_received: 'count',
  timers_set: 'count',
  timers_fired: 'count',
  last_active: 'timestamp',
} as const;

/** A run of a workflow. */
export type RunRecord = RecordOf<typeof runColumns>;
export const runEntity = viewEntity('Run', 'runs', ['tenant_id', 'workflow_id'], runColumns);

const stepColumns = {
  tenant_id: 'text',
  workflow_id: 'text',
  step_id: 'text',
  workflow_name: 'text',
  step_name: 'text',
  step_type: 'text',
  status: 'text',
  attempts: 'int',
  queue: 'text?',
  worker: 'text?',
  queued_at: 'timestamp',
  scheduled_at: 'timestamp?',
  not_before: 'timestamp?',
  deadline_at: 'timestamp?',
  started_at: 'timestamp?',
  ended_at: 'timestamp?',
  retry_at: 'timestamp?',
  queue_time_ms: 'count?',
  execution_time_ms: 'count?',
  total_time_ms: 'count?',
  compensated_at: 'timestamp?',
  compensation_time_ms: 'count?',
  input_data: 'json?',
  output_data: 'json?',
  error: 'json?',
  error_code: 'text?',
  next_steps: 'text[]',
} as const;

/** A step of a run, with its timing. */
export type StepRecord = RecordOf<typeof stepColumns>;
export const stepEntity = viewEntity('Step', 'steps', ['tenant_id', 'workflow_id', 'step_id'], stepColumns);

const taskColumns = {
  tenant_id: 'text',
  task_id: 'text',
  workflow_id: 'text',
  workflow_name: 'text',
  step_id: 'text',
  status: 'text',
  task_type: 'text',
  title: 'text',
  description: 'text?',
  form_schema: 'json?',
  input_data: 'json?',
  assignees: 'text[]',
  groups: 'text[]',
  quorum: 'int',
  opened_at: 'timestamp',
  due_at: 'timestamp?',
  escalate_at: 'timestamp?',
  expires_at: 'timestamp?',
  escalation_level: 'int',
  escalated_at: 'timestamp?',
  escalation_reason: 'text?',
  answers: 'int',
  approvals: 'int',
  rejections: 'int',
  decision: 'text?',
  decided_by: 'text?',
  decided_at: 'timestamp?',
  comment: 'text?',
  form_data: 'json?',
  waiting_time_ms: 'count?',
} as const;

/** A task for people. */
export type TaskRecord = RecordOf<typeof taskColumns>;
export const taskEntity = viewEntity('Task', 'tasks', ['tenant_id', 'task_id', 'workflow_id'], taskColumns);

const usageColumns = {
  tenant_id: 'text',
  hour: 'timestamp',
  agent_id: 'text',
  workflow_id: 'text',
  provider: 'text',
  model: 'text',
  attempts: 'count',
  attempts_completed: 'count',
  attempts_failed: 'count',
  attempts_cancelled: 'count',
  attempts_superseded: 'count',
  attempts_estimated: 'count',
  prompt_tokens: 'count',
  cached_prompt_tokens: 'count',
  completion_tokens: 'count',
  cost_usd: 'decimal',
  duration_ms: 'count',
} as const;

/** What model calls used and cost in an hour; no agent or no run is the empty text. */
export type UsageRecord = RecordOf<typeof usageColumns>;
export const usageEntity = viewEntity(
  'Usage',
  'usage_per_hour',
  ['tenant_id', 'hour', 'agent_id', 'workflow_id', 'provider', 'model'],
  usageColumns,
);

const inferenceRequestColumns = {
  tenant_id: 'text',
  request_id: 'text',
  status: 'text',
  operation: 'text?',
  model: 'text',
  answering_model: 'text?',
  priority: 'text?',
  stream: 'boolean',
  session_id: 'text?',
  user_id: 'text?',
  agent_id: 'text?',
  execution_id: 'text?',
  workflow_id: 'text?',
  step_id: 'text?',
  requested_by: 'text?',
  correlation_id: 'text',
  requested_at: 'timestamp',
  deadline_at: 'timestamp?',
  ended_at: 'timestamp?',
  attempts: 'count?',
  provider: 'text?',
  replica: 'text?',
  finish_reason: 'text?',
  prompt_tokens: 'count?',
  cached_prompt_tokens: 'count?',
  completion_tokens: 'count?',
  cost_usd: 'decimal?',
  queue_time_ms: 'count?',
  time_to_first_token_ms: 'count?',
  inference_time_ms: 'count?',
  billed_attempts: 'count',
  billed_prompt_tokens: 'count',
  billed_completion_tokens: 'count',
  billed_cost_usd: 'decimal',
  reason: 'text?',
  cancelled_by: 'text?',
  error_code: 'text?',
  http_status: 'count?',
  error: 'json?',
  output_data: 'json?',
} as const;

/** A model call that was asked for, and what became of it. */
export type InferenceRequestRecord = RecordOf<typeof inferenceRequestColumns>;
export const inferenceRequestEntity = viewEntity(
  'InferenceRequest',
  'inference_requests',
  ['tenant_id', 'request_id'],
  inferenceRequestColumns,
);

const scheduleColumns = {
  tenant_id: 'text',
  schedule_id: 'text',
  status: 'text',
  title: 'text?',
  workflow_name: 'text',
  workflow_version: 'int?',
  input_data: 'json?',
  user_id: 'text?',
  cron: 'text',
  time_zone: 'text',
  overlap: 'text',
  catch_up: 'text',
  catch_up_window_ms: 'count',
  jitter_ms: 'count',
  created_at: 'timestamp',
  created_by: 'text?',
  changed_at: 'timestamp?',
  paused_at: 'timestamp?',
  pause_reason: 'text?',
  next_fire_at: 'timestamp?',
  last_fire_at: 'timestamp?',
  last_run_id: 'text?',
  fires: 'count',
  running: 'count',
  skips: 'count',
  last_skip_at: 'timestamp?',
  last_skip_reason: 'text?',
  refusals: 'count',
  last_error_code: 'text?',
  last_error: 'text?',
} as const;

/** What starts runs of a workflow at times of a clock. */
export type ScheduleRecord = RecordOf<typeof scheduleColumns>;
export const scheduleEntity = viewEntity('Schedule', 'schedules', ['tenant_id', 'schedule_id'], scheduleColumns);

const rateColumns = {
  tenant_id: 'text',
  minute: 'timestamp',
  topic: 'text',
  type: 'text',
  events: 'count',
  bytes: 'count',
} as const;

/** How many events of a type came in a minute, and how large they were. */
export type RateRecord = RecordOf<typeof rateColumns>;
export const rateEntity = viewEntity('Rate', 'rates_per_minute', ['tenant_id', 'minute', 'topic', 'type'], rateColumns);

const deadLetterColumns = {
  tenant_id: 'text',
  topic: 'text',
  partition: 'int',
  offset: 'bigint',
  record_time: 'timestamp',
  source_topic: 'text',
  source_partition: 'int',
  source_offset: 'bigint',
  consumer_group: 'text',
  stage: 'text',
  reason: 'text',
  error_class: 'text',
  error_message: 'text',
  attempts: 'int',
  first_at: 'timestamp?',
  key: 'text?',
  event_id: 'text?',
  event_type: 'text?',
  event_source: 'text?',
  value_bytes: 'count',
  redriven_at: 'timestamp?',
} as const;

/** What a consumer group has set aside. */
export type DeadLetterRecord = RecordOf<typeof deadLetterColumns>;
export const deadLetterEntity = viewEntity(
  'DeadLetter',
  'dead_letters',
  ['tenant_id', 'topic', 'partition', 'offset'],
  deadLetterColumns,
);
