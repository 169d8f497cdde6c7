import type { Migration } from './migration.js';
import { tenantTable } from './tenant-table.js';

/**
 * The read models of agents, executions, runs, steps, tasks, usage, rates and dead letters.
 *
 * Every list is sorted newest first with a tiebreak that is unique, and reads an index backwards. Each documented filter
 * has an index that ends in that sort, so that a page costs the same whatever comes before it:
 *
 * | view               | sort                                        | filters                                                              |
 * | ------------------ | ------------------------------------------- | -------------------------------------------------------------------- |
 * | agents             | last_active, agent_id                       | state, name, managed, agent_type, capability, last_active            |
 * | executions         | started_at, execution_id, agent_id          | agent_id, status, user_id, session_id, workflow_id, started_at       |
 * | runs               | started_at, workflow_id                     | workflow_name, status, user_id, parent_workflow_id, started_at       |
 * | steps              | queued_at, workflow_id, step_id             | workflow_id, step_type, status, queued_at                            |
 * | tasks              | opened_at, task_id, workflow_id             | status, workflow_id, assignee, group, due_at, opened_at              |
 * | usage_per_hour     | hour, agent_id, workflow_id, provider, model | agent_id, workflow_id, model, hour                                  |
 * | rates_per_minute   | minute, topic, type                         | topic, type, minute                                                  |
 * | dead_letters       | record_time, topic, partition, offset       | source_topic, consumer_group, reason, record_time                    |
 *
 * Capability, assignee and group are members of lists. The policy of row-level security comes before any operator that
 * could tell of rows (`@>` is one), so an index over the lists would never be used: those filters are applied to what
 * state, status or sort found.
 *
 * A view of the name of its table without its version shows the live version of it, row for row.
 */
function readModel(name: string, statements: readonly string[]): readonly string[] {
  return [
    ...statements,
    ...tenantTable(`${name}_v1`),
    `CREATE VIEW ${name} WITH (security_invoker = true) AS SELECT * FROM ${name}_v1`,
    `GRANT SELECT ON ${name} TO chorda_reader`,
  ];
}

/** One row an agent. One that is known by facts alone is not managed: it has neither life-cycle state nor definition. */
const agents = readModel('agents', [
  `CREATE TABLE agents_v1 (
     tenant_id text NOT NULL,
     agent_id text NOT NULL,
     managed boolean NOT NULL,
     state text,
     state_since timestamptz,
     version bigint,
     name text,
     description text,
     agent_type text,
     capabilities text[] NOT NULL,
     tools text[] NOT NULL,
     model text,
     config text,
     created_by text,
     created_at timestamptz,
     terminated_at timestamptz,
     deleted_at timestamptz,
     current_execution_id text,
     executions_started bigint NOT NULL,
     executions_completed bigint NOT NULL,
     executions_failed bigint NOT NULL,
     executions_cancelled bigint NOT NULL,
     executions_unknown bigint NOT NULL,
     execution_time_ms bigint NOT NULL,
     turns bigint NOT NULL,
     tool_calls bigint NOT NULL,
     prompt_tokens bigint NOT NULL,
     cached_prompt_tokens bigint NOT NULL,
     completion_tokens bigint NOT NULL,
     cost_usd numeric NOT NULL,
     foreign_facts bigint NOT NULL,
     last_error_code text,
     last_error_message text,
     last_error_at timestamptz,
     first_seen timestamptz NOT NULL,
     last_active timestamptz NOT NULL,
     PRIMARY KEY (tenant_id, agent_id)
   )`,
  'CREATE INDEX agents_v1_last_active ON agents_v1 (tenant_id, last_active, agent_id)',
  'CREATE INDEX agents_v1_state ON agents_v1 (tenant_id, state, last_active, agent_id)',
  'CREATE INDEX agents_v1_name ON agents_v1 (tenant_id, name, last_active, agent_id)',
  'CREATE INDEX agents_v1_managed ON agents_v1 (tenant_id, managed, last_active, agent_id)',
  'CREATE INDEX agents_v1_agent_type ON agents_v1 (tenant_id, agent_type, last_active, agent_id)',
]);

/**
 * One row an execution of an agent. The agent is part of the key: two senders that use one execution id for two agents
 * write on two partitions, and one row for both would depend on who came first.
 *
 * Decisions give the state (`start_version`, `end_version`: what they were in their stream), one fact the payload, tokens
 * and cost (`source`, `fact_id`, `reported_at`).
 */
const executions = readModel('executions', [
  `CREATE TABLE executions_v1 (
     tenant_id text NOT NULL,
     execution_id text NOT NULL,
     agent_id text NOT NULL,
     managed boolean NOT NULL,
     status text NOT NULL,
     started_at timestamptz NOT NULL,
     ended_at timestamptz,
     deadline_at timestamptz,
     execution_time_ms bigint,
     user_id text,
     session_id text,
     workflow_id text,
     step_id text,
     correlation_id text NOT NULL,
     turns bigint,
     reason text,
     cancelled_by text,
     start_version bigint,
     end_version bigint,
     input_data text,
     output_data text,
     error text,
     error_code text,
     model text,
     prompt_tokens bigint,
     cached_prompt_tokens bigint,
     completion_tokens bigint,
     cost_usd numeric,
     source text,
     fact_id text,
     fact_is_ours boolean NOT NULL,
     reported_at timestamptz,
     foreign_facts bigint NOT NULL,
     PRIMARY KEY (tenant_id, execution_id, agent_id)
   )`,
  'CREATE INDEX executions_v1_started_at ON executions_v1 (tenant_id, started_at, execution_id, agent_id)',
  'CREATE INDEX executions_v1_agent ON executions_v1 (tenant_id, agent_id, started_at, execution_id)',
  'CREATE INDEX executions_v1_status ON executions_v1 (tenant_id, status, started_at, execution_id, agent_id)',
  `CREATE INDEX executions_v1_user ON executions_v1 (tenant_id, user_id, started_at, execution_id, agent_id)
     WHERE user_id IS NOT NULL`,
  `CREATE INDEX executions_v1_session ON executions_v1 (tenant_id, session_id, started_at, execution_id, agent_id)
     WHERE session_id IS NOT NULL`,
  `CREATE INDEX executions_v1_workflow ON executions_v1 (tenant_id, workflow_id, started_at, execution_id, agent_id)
     WHERE workflow_id IS NOT NULL`,
]);

const runs = readModel('runs', [
  `CREATE TABLE runs_v1 (
     tenant_id text NOT NULL,
     workflow_id text NOT NULL,
     workflow_name text NOT NULL,
     definition_hash text,
     status text NOT NULL,
     version bigint,
     user_id text,
     parent_workflow_id text,
     parent_step_id text,
     forked_from_workflow_id text,
     forked_at_version bigint,
     correlation_id text NOT NULL,
     started_at timestamptz NOT NULL,
     ended_at timestamptz,
     deadline_at timestamptz,
     paused_at timestamptz,
     execution_time_ms bigint,
     reason text,
     ended_by text,
     input_data text,
     output_data text,
     error text,
     error_code text,
     failed_step_id text,
     current_step_id text,
     steps_scheduled bigint NOT NULL,
     steps_completed bigint NOT NULL,
     steps_failed bigint NOT NULL,
     steps_compensated bigint NOT NULL,
     tasks_opened bigint NOT NULL,
     tasks_closed bigint NOT NULL,
     signals_received bigint NOT NULL,
     timers_set bigint NOT NULL,
     timers_fired bigint NOT NULL,
     last_active timestamptz NOT NULL,
     PRIMARY KEY (tenant_id, workflow_id)
   )`,
  'CREATE INDEX runs_v1_started_at ON runs_v1 (tenant_id, started_at, workflow_id)',
  'CREATE INDEX runs_v1_workflow_name ON runs_v1 (tenant_id, workflow_name, started_at, workflow_id)',
  'CREATE INDEX runs_v1_status ON runs_v1 (tenant_id, status, started_at, workflow_id)',
  'CREATE INDEX runs_v1_user ON runs_v1 (tenant_id, user_id, started_at, workflow_id) WHERE user_id IS NOT NULL',
  `CREATE INDEX runs_v1_parent ON runs_v1 (tenant_id, parent_workflow_id, started_at, workflow_id)
     WHERE parent_workflow_id IS NOT NULL`,
]);

/**
 * One row a step of a run. `queued_at` is when it first might run, `scheduled_at` and `started_at` are those of its last
 * attempt; `queue_time_ms` and `execution_time_ms` are of that attempt too, `total_time_ms` is from `queued_at` to its end.
 */
const steps = readModel('steps', [
  `CREATE TABLE steps_v1 (
     tenant_id text NOT NULL,
     workflow_id text NOT NULL,
     step_id text NOT NULL,
     workflow_name text NOT NULL,
     step_name text NOT NULL,
     step_type text NOT NULL,
     status text NOT NULL,
     attempts integer NOT NULL,
     queue text,
     worker text,
     queued_at timestamptz NOT NULL,
     scheduled_at timestamptz,
     not_before timestamptz,
     deadline_at timestamptz,
     started_at timestamptz,
     ended_at timestamptz,
     retry_at timestamptz,
     queue_time_ms bigint,
     execution_time_ms bigint,
     total_time_ms bigint,
     compensated_at timestamptz,
     compensation_time_ms bigint,
     input_data text,
     output_data text,
     error text,
     error_code text,
     next_steps text[] NOT NULL,
     PRIMARY KEY (tenant_id, workflow_id, step_id)
   )`,
  'CREATE INDEX steps_v1_queued_at ON steps_v1 (tenant_id, queued_at, workflow_id, step_id)',
  'CREATE INDEX steps_v1_run ON steps_v1 (tenant_id, workflow_id, queued_at, step_id)',
  'CREATE INDEX steps_v1_step_type ON steps_v1 (tenant_id, step_type, queued_at, workflow_id, step_id)',
  'CREATE INDEX steps_v1_status ON steps_v1 (tenant_id, status, queued_at, workflow_id, step_id)',
]);

/** One row a task for people: `open`, `escalated` (open, with others now) or `decided`, whose `decision` says how. */
const tasks = readModel('tasks', [
  `CREATE TABLE tasks_v1 (
     tenant_id text NOT NULL,
     task_id text NOT NULL,
     workflow_id text NOT NULL,
     workflow_name text NOT NULL,
     step_id text NOT NULL,
     status text NOT NULL,
     task_type text NOT NULL,
     title text NOT NULL,
     description text,
     form_schema text,
     input_data text,
     assignees text[] NOT NULL,
     groups text[] NOT NULL,
     quorum integer NOT NULL,
     opened_at timestamptz NOT NULL,
     due_at timestamptz,
     escalate_at timestamptz,
     expires_at timestamptz,
     escalation_level integer NOT NULL,
     escalated_at timestamptz,
     escalation_reason text,
     answers integer NOT NULL,
     approvals integer NOT NULL,
     rejections integer NOT NULL,
     decision text,
     decided_by text,
     decided_at timestamptz,
     comment text,
     form_data text,
     waiting_time_ms bigint,
     PRIMARY KEY (tenant_id, task_id, workflow_id)
   )`,
  'CREATE INDEX tasks_v1_opened_at ON tasks_v1 (tenant_id, opened_at, task_id, workflow_id)',
  'CREATE INDEX tasks_v1_status ON tasks_v1 (tenant_id, status, opened_at, task_id, workflow_id)',
  'CREATE INDEX tasks_v1_run ON tasks_v1 (tenant_id, workflow_id, opened_at, task_id)',
  `CREATE INDEX tasks_v1_due_at ON tasks_v1 (tenant_id, due_at, opened_at, task_id, workflow_id)
     WHERE due_at IS NOT NULL`,
]);

/**
 * Attempts at model calls by hour. One model is called by requests of every partition, so the partition is part of the
 * key: each row has one writer, and no partition waits for another's transaction. Readers see the sums. An attempt that no
 * agent or no run asked for has the empty text there, because a key has no nulls.
 */
const usage = [
  ...readModel('usage', [
    `CREATE TABLE usage_v1 (
       tenant_id text NOT NULL,
       hour timestamptz NOT NULL,
       agent_id text NOT NULL,
       workflow_id text NOT NULL,
       provider text NOT NULL,
       model text NOT NULL,
       partition integer NOT NULL,
       attempts bigint NOT NULL,
       attempts_completed bigint NOT NULL,
       attempts_failed bigint NOT NULL,
       attempts_cancelled bigint NOT NULL,
       attempts_superseded bigint NOT NULL,
       attempts_estimated bigint NOT NULL,
       prompt_tokens bigint NOT NULL,
       cached_prompt_tokens bigint NOT NULL,
       completion_tokens bigint NOT NULL,
       cost_usd numeric NOT NULL,
       duration_ms bigint NOT NULL,
       PRIMARY KEY (tenant_id, hour, agent_id, workflow_id, provider, model, partition)
     )`,
    'CREATE INDEX usage_v1_agent ON usage_v1 (tenant_id, agent_id, hour, workflow_id, provider, model)',
    'CREATE INDEX usage_v1_workflow ON usage_v1 (tenant_id, workflow_id, hour, agent_id, provider, model)',
    'CREATE INDEX usage_v1_model ON usage_v1 (tenant_id, model, hour, agent_id, workflow_id, provider)',
  ]),
  `CREATE VIEW usage_per_hour WITH (security_invoker = true) AS
     SELECT tenant_id, hour, agent_id, workflow_id, provider, model,
       sum(attempts)::bigint AS attempts,
       sum(attempts_completed)::bigint AS attempts_completed,
       sum(attempts_failed)::bigint AS attempts_failed,
       sum(attempts_cancelled)::bigint AS attempts_cancelled,
       sum(attempts_superseded)::bigint AS attempts_superseded,
       sum(attempts_estimated)::bigint AS attempts_estimated,
       sum(prompt_tokens)::bigint AS prompt_tokens,
       sum(cached_prompt_tokens)::bigint AS cached_prompt_tokens,
       sum(completion_tokens)::bigint AS completion_tokens,
       sum(cost_usd) AS cost_usd,
       sum(duration_ms)::bigint AS duration_ms
     FROM usage GROUP BY tenant_id, hour, agent_id, workflow_id, provider, model`,
  'GRANT SELECT ON usage_per_hour TO chorda_reader',
];

/**
 * How many events of each type came in each minute of record time, in day partitions, so that retention drops a table.
 * The partition is part of the key for the same reason as in `usage`.
 */
const rates = [
  ...readModel('rates', [
    `CREATE TABLE rates_v1 (
       tenant_id text NOT NULL,
       minute timestamptz NOT NULL,
       topic text NOT NULL,
       type text NOT NULL,
       partition integer NOT NULL,
       events bigint NOT NULL,
       bytes bigint NOT NULL,
       PRIMARY KEY (tenant_id, minute, topic, type, partition)
     ) PARTITION BY RANGE (minute)`,
    'CREATE INDEX rates_v1_type ON rates_v1 (tenant_id, type, minute, topic)',
    'CREATE INDEX rates_v1_topic ON rates_v1 (tenant_id, topic, minute, type)',
  ]),
  `CREATE VIEW rates_per_minute WITH (security_invoker = true) AS
     SELECT tenant_id, minute, topic, type, sum(events)::bigint AS events, sum(bytes)::bigint AS bytes
     FROM rates GROUP BY tenant_id, minute, topic, type`,
  'GRANT SELECT ON rates_per_minute TO chorda_reader',
];

/**
 * What groups have set aside: a row for each record of a dead-letter topic, keyed by its place there, for as long as the
 * topic keeps it. How far each partition was read stands in `dead_letter_offsets`, which names no tenant's data.
 */
const deadLetters = [
  ...readModel('dead_letters', [
    `CREATE TABLE dead_letters_v1 (
       tenant_id text NOT NULL,
       topic text NOT NULL,
       partition integer NOT NULL,
       "offset" bigint NOT NULL,
       record_time timestamptz NOT NULL,
       source_topic text NOT NULL,
       source_partition integer NOT NULL,
       source_offset bigint NOT NULL,
       consumer_group text NOT NULL,
       stage text NOT NULL,
       reason text NOT NULL,
       error_class text NOT NULL,
       error_message text NOT NULL,
       attempts integer NOT NULL,
       first_at timestamptz,
       key text,
       event_id text,
       event_type text,
       event_source text,
       value_bytes bigint NOT NULL,
       redriven_at timestamptz,
       PRIMARY KEY (tenant_id, topic, partition, "offset")
     )`,
    'CREATE INDEX dead_letters_v1_time ON dead_letters_v1 (tenant_id, record_time, topic, partition, "offset")',
    `CREATE INDEX dead_letters_v1_source
       ON dead_letters_v1 (tenant_id, source_topic, record_time, topic, partition, "offset")`,
    `CREATE INDEX dead_letters_v1_group
       ON dead_letters_v1 (tenant_id, consumer_group, record_time, topic, partition, "offset")`,
    `CREATE INDEX dead_letters_v1_reason
       ON dead_letters_v1 (tenant_id, reason, record_time, topic, partition, "offset")`,
  ]),
  `CREATE TABLE dead_letter_offsets (
     topic text NOT NULL,
     partition integer NOT NULL,
     topic_id text,
     next_offset bigint NOT NULL,
     updated_at timestamptz NOT NULL,
     PRIMARY KEY (topic, partition)
   )`,
];

export const readModels: Migration = {
  id: '0006',
  name: 'read-models',
  statements: [...agents, ...executions, ...runs, ...steps, ...tasks, ...usage, ...rates, ...deadLetters],
};
