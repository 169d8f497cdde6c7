import type { AnyEvent } from '@chorda/contracts';
import { defineTable, type RowOf } from '../bulk/table.js';
import { defineProjection } from '../runner/define-projection.js';
import type { EventContext, EventOf } from '../runner/projection.js';
import { isFactOfOurs } from './facts-of-ours.js';

type EndDecisionType = 'agent.execution_completed' | 'agent.execution_failed' | 'agent.execution_cancelled';

export type ExecutionEvent = Extract<
  AnyEvent,
  {
    readonly type:
      | 'agent.execution_started'
      | 'agent.incident_opened'
      | 'agent.incident_settled'
      | EndDecisionType
      | 'agent.executed'
      | 'agent.failed';
  }
>;
type Started = EventOf<ExecutionEvent, 'agent.execution_started'>;
type EndDecision = EventOf<ExecutionEvent, EndDecisionType>;
type EndFact = EventOf<ExecutionEvent, 'agent.executed' | 'agent.failed'>;

const executionsTable = defineTable({
  name: 'executions_v1',
  key: ['tenant_id', 'execution_id', 'agent_id'],
  columns: {
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
    input_data: 'text?',
    output_data: 'text?',
    error: 'text?',
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
  },
});

export type ExecutionRow = RowOf<typeof executionsTable.columns>;

/**
 * Executions of agents. Decisions give the state, one fact gives payload, tokens and cost; they may come in any order, and
 * several facts may tell of one execution. So each column has one owner, and the row is the same whatever came first:
 *
 * - the start decision owns who asked for what, and when;
 * - the end decision owns how and when it ended;
 * - the fact that counts owns the rest, and stands in for a decision that is not there. Ours counts before another's, the
 *   earlier before the later.
 */
export const executions = defineProjection<ExecutionEvent>()({
  name: 'executions',
  version: 1,
  topics: ['agent.events'],
  table: executionsTable,
  begin: unheardOf,
  evolve: {
    'agent.execution_started': started,
    'agent.incident_opened': (row, { data }) => held(row, 'paused', `Incident ${data.incident_id}: ${data.reason}`),
    // Another incident may still hold it: only the last one gives it its time back.
    'agent.incident_settled': (row, { data }) => (data.deadline_at === null ? row : held(row, 'running', null)),
    'agent.execution_completed': (row, event, context) => ({
      ...ended(row, event, context, 'completed'),
      turns: event.data.turns,
    }),
    'agent.execution_failed': (row, event, context) => ({
      ...ended(row, event, context, 'failed'),
      turns: event.data.turns,
      error_code: event.data.error_code,
      reason: event.data.reason,
    }),
    'agent.execution_cancelled': (row, event, context) => ({
      ...ended(row, event, context, 'cancelled'),
      reason: event.data.reason,
      cancelled_by: event.data.cancelled_by,
    }),
    'agent.executed': reported,
    'agent.failed': reported,
  },
});

function unheardOf({ data }: ExecutionEvent, { metadata }: EventContext): ExecutionRow {
  return {
    tenant_id: metadata.tenantId,
    execution_id: data.execution_id,
    agent_id: data.agent_id,
    managed: false,
    status: 'unknown',
    started_at: metadata.timeMs,
    ended_at: null,
    deadline_at: null,
    execution_time_ms: null,
    user_id: null,
    session_id: null,
    workflow_id: null,
    step_id: null,
    correlation_id: metadata.correlationId,
    turns: null,
    reason: null,
    cancelled_by: null,
    start_version: null,
    end_version: null,
    input_data: null,
    output_data: null,
    error: null,
    error_code: null,
    model: null,
    prompt_tokens: null,
    cached_prompt_tokens: null,
    completion_tokens: null,
    cost_usd: null,
    source: null,
    fact_id: null,
    fact_is_ours: false,
    reported_at: null,
    foreign_facts: 0,
  };
}

function started(row: ExecutionRow, { data }: Started, { metadata }: EventContext): ExecutionRow {
  return {
    ...row,
    managed: true,
    status: row.end_version === null ? 'running' : row.status,
    // Until the engine says how it ended, it runs: a fact of another ends nothing of ours.
    ...(row.end_version === null && { ended_at: null, execution_time_ms: null, error_code: null }),
    started_at: metadata.timeMs,
    deadline_at: data.deadline_at,
    user_id: data.user_id,
    session_id: data.session_id,
    workflow_id: data.metadata?.workflow_id ?? null,
    step_id: data.metadata?.step_id ?? null,
    correlation_id: metadata.correlationId,
    start_version: versionOf(metadata),
    input_data: data.input_data,
  };
}

function held(row: ExecutionRow, status: 'paused' | 'running', reason: string | null): ExecutionRow {
  return row.end_version === null ? { ...row, managed: true, status, reason } : row;
}

function ended(
  row: ExecutionRow,
  { data }: EndDecision,
  { metadata }: EventContext,
  status: 'completed' | 'failed' | 'cancelled',
): ExecutionRow {
  return {
    ...row,
    managed: true,
    status,
    ...(row.start_version === null && {
      started_at: metadata.timeMs - data.execution_time_ms,
      correlation_id: metadata.correlationId,
    }),
    ended_at: metadata.timeMs,
    execution_time_ms: data.execution_time_ms,
    error_code: null,
    end_version: versionOf(metadata),
  };
}

function reported(row: ExecutionRow, event: EndFact, context: EventContext): ExecutionRow {
  const isOurs = isFactOfOurs(context.metadata);
  const counted = { ...row, foreign_facts: row.foreign_facts + (isOurs ? 0 : 1) };
  if (!countsBefore(context, row)) return counted;
  const { data } = event;
  const { metadata } = context;
  return {
    ...counted,
    ...(row.managed ? {} : ownState(event, context)),
    ...(row.start_version === null && whoAsked(event)),
    output_data: event.type === 'agent.executed' ? event.data.output_data : null,
    error: event.type === 'agent.failed' ? event.data.error : null,
    model: data.model,
    prompt_tokens: data.usage?.prompt_tokens ?? null,
    cached_prompt_tokens: data.usage?.cached_prompt_tokens ?? null,
    completion_tokens: data.usage?.completion_tokens ?? null,
    cost_usd: data.usage?.cost_usd ?? null,
    source: metadata.source,
    fact_id: metadata.id,
    fact_is_ours: isOurs,
    reported_at: metadata.timeMs,
  };
}

/** What a fact says where no decision does: state and times. */
function ownState({ type, data }: EndFact, { metadata }: EventContext): Partial<ExecutionRow> {
  return {
    status: data.status,
    started_at: metadata.timeMs - data.execution_time_ms,
    ended_at: metadata.timeMs,
    execution_time_ms: data.execution_time_ms,
    correlation_id: metadata.correlationId,
    error_code: type === 'agent.failed' ? data.error_code : null,
  };
}

function whoAsked({ data }: EndFact): Partial<ExecutionRow> {
  return {
    user_id: data.user_id,
    session_id: data.session_id,
    workflow_id: data.metadata?.workflow_id ?? null,
    step_id: data.metadata?.step_id ?? null,
    input_data: data.input_data,
  };
}

/** A total order of facts: without it the row would depend on which of two came first. */
function countsBefore({ metadata }: EventContext, row: ExecutionRow): boolean {
  if (row.reported_at === null) return true;
  const isOurs = isFactOfOurs(metadata);
  if (isOurs !== row.fact_is_ours) return isOurs;
  if (metadata.timeMs !== row.reported_at) return metadata.timeMs < row.reported_at;
  if (metadata.source !== row.source) return metadata.source < (row.source ?? '');
  return metadata.id < (row.fact_id ?? '');
}

/** A decision without a version is one all the same. */
function versionOf({ decision }: EventContext['metadata']): bigint {
  return decision?.streamVersion ?? 0n;
}
