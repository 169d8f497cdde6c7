import { jsonText, type AnyEvent } from '@chorda/contracts';
import { defineTable, type RowOf } from '../bulk/table.js';
import { isFactOfOurs } from '../executions/facts-of-ours.js';
import { defineProjection } from '../runner/define-projection.js';
import type { EventContext, EventOf } from '../runner/projection.js';
import { addUsd } from '../usage/add-usd.js';

export type AgentEvent = Extract<AnyEvent, { readonly type: `agent.${string}` }>;
type EndFact = EventOf<AgentEvent, 'agent.executed' | 'agent.failed'>;

const agentsTable = defineTable({
  name: 'agents_v2',
  key: ['tenant_id', 'agent_id'],
  columns: {
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
    config: 'text?',
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
    limits: 'text?',
    memory: 'text?',
    concurrency_max: 'count?',
  },
});

export type AgentRow = RowOf<typeof agentsTable.columns>;

/** What is counted: of a managed agent by its decisions, with tokens and cost from the facts beside them; else by facts. */
const nothingCounted = {
  executions_started: 0,
  executions_completed: 0,
  executions_failed: 0,
  executions_cancelled: 0,
  executions_unknown: 0,
  execution_time_ms: 0,
  turns: 0,
  tool_calls: 0,
  prompt_tokens: 0,
  cached_prompt_tokens: 0,
  completion_tokens: 0,
  cost_usd: '0',
} as const;

/**
 * Agents with their current state. An agent is managed from its first decision on: until then it is known by what others
 * say of its executions, and has no state. What others say of a managed agent is counted as that and changes nothing else.
 */
export const agents = defineProjection<AgentEvent>()({
  name: 'agents',
  version: 2,
  topics: ['agent.events'],
  table: agentsTable,
  begin: unheardOf,
  evolve: {
    'agent.created': (row, event, context) => ({
      ...inState(row, context, 'CREATED'),
      name: event.data.name,
      description: event.data.description,
      agent_type: event.data.agent_type,
      capabilities: event.data.capabilities,
      tools: event.data.tools,
      model: event.data.model,
      config: event.data.config,
      created_by: event.data.created_by,
      created_at: context.metadata.timeMs,
      ...definitionOf(event.data),
    }),
    'agent.initialization_started': (row, _, context) => inState(row, context, 'INITIALIZING'),
    'agent.initialized': (row, _, context) => decided(row, context),
    'agent.validation_started': (row, _, context) => inState(row, context, 'VALIDATING'),
    'agent.validated': (row, _, context) => inState(row, context, 'VALIDATED'),
    // The life cycle has no state for it: the agent stays where it is until it is initialised anew.
    'agent.validation_failed': (row, { data }, context) => ({
      ...decided(row, context),
      last_error_code: 'VALIDATION_FAILED',
      last_error_message: failedChecks(data.checks),
      last_error_at: context.metadata.timeMs,
    }),
    'agent.ready': (row, _, context) => ({ ...inState(row, context, 'READY'), current_execution_id: null }),
    'agent.execution_started': (row, { data }, context) => {
      const started = inState(row, context, 'EXECUTING');
      return {
        ...started,
        current_execution_id: data.execution_id,
        executions_started: started.executions_started + 1,
      };
    },
    'agent.execution_completed': (row, { data }, context) => {
      const ended = ending(inState(row, context, 'COMPLETED'), data);
      return { ...ended, executions_completed: ended.executions_completed + 1 };
    },
    'agent.execution_failed': (row, { data }, context) => {
      const ended = ending(inState(row, context, 'FAILED'), data);
      return {
        ...ended,
        executions_failed: ended.executions_failed + 1,
        last_error_code: data.error_code,
        last_error_message: data.reason,
        last_error_at: context.metadata.timeMs,
      };
    },
    // No state of its own either: `agent.ready` follows.
    'agent.execution_cancelled': (row, { data }, context) => {
      const ended = ending(decided(row, context), data);
      return { ...ended, executions_cancelled: ended.executions_cancelled + 1 };
    },
    'agent.turn_recorded': (row, _, context) => {
      const known = decided(row, context);
      return { ...known, turns: known.turns + 1 };
    },
    'agent.tool_called': (row, _, context) => {
      const known = decided(row, context);
      return { ...known, tool_calls: known.tool_calls + 1 };
    },
    'agent.tool_returned': (row, _, context) => decided(row, context),
    'agent.slot_taken': (row, _, context) => inState(row, context, 'EXECUTING'),
    // Others still run, whatever became of this one; after the last of them `agent.ready` follows.
    'agent.slot_released': (row, { data }, context) =>
      data.running > 0 ? inState(row, context, 'EXECUTING') : decided(row, context),
    'agent.turn_started': (row, _, context) => decided(row, context),
    'agent.turn_failed': (row, _, context) => decided(row, context),
    'agent.incident_opened': (row, { data }, context) => ({
      ...decided(row, context),
      last_error_code: 'INCIDENT_OPENED',
      last_error_message: `${data.tool_name}: ${data.reason}`,
      last_error_at: context.metadata.timeMs,
    }),
    'agent.incident_settled': (row, _, context) => decided(row, context),
    'agent.memory_written': (row, _, context) => decided(row, context),
    'agent.terminated': (row, _, context) => ({
      ...inState(row, context, 'TERMINATED'),
      current_execution_id: null,
      terminated_at: context.metadata.timeMs,
    }),
    'agent.deleted': (row, _, context) => ({ ...decided(row, context), deleted_at: context.metadata.timeMs }),
    'agent.executed': reported,
    'agent.failed': reported,
  },
});

/** Version 1, whose rows from before lack what version 2 added; the same code has kept it up since. */
export const agentsBefore = agents.onTable?.({ version: 1, table: 'agents_v1' }) ?? agents;

/** An agent before anything was said of it. */
function unheardOf({ data }: AgentEvent, { metadata }: EventContext): AgentRow {
  return {
    tenant_id: metadata.tenantId,
    agent_id: data.agent_id,
    managed: false,
    state: null,
    state_since: null,
    version: null,
    name: null,
    description: null,
    agent_type: null,
    capabilities: [],
    tools: [],
    model: null,
    config: null,
    created_by: null,
    created_at: null,
    terminated_at: null,
    deleted_at: null,
    current_execution_id: null,
    ...nothingCounted,
    foreign_facts: 0,
    last_error_code: null,
    last_error_message: null,
    last_error_at: null,
    first_seen: metadata.timeMs,
    last_active: metadata.timeMs,
    definition_version: null,
    instructions: null,
    limits: null,
    memory: null,
    concurrency_max: null,
  };
}

/** What version 1 of the projection left out. */
function definitionOf(data: EventOf<AgentEvent, 'agent.created'>['data']) {
  const { definition_version, instructions, limits, memory, concurrency_max } = data;
  return {
    ...{ definition_version, instructions, concurrency_max },
    limits: limits && jsonText({ ...limits }),
    memory: memory && jsonText({ ...memory }),
  };
}

/** What every decision says. With the first one the agent is ours, and what others counted of it is theirs. */
function decided(row: AgentRow, { metadata }: EventContext): AgentRow {
  return {
    ...row,
    ...(row.managed ? {} : nothingCounted),
    managed: true,
    version: ownVersion(metadata) ?? row.version,
    first_seen: Math.min(row.first_seen, metadata.timeMs),
    last_active: Math.max(row.last_active, metadata.timeMs),
  };
}

/** Executions of the agent, and what it remembers, have streams of their own, whose versions say nothing of the agent. */
function ownVersion({ decision }: EventContext['metadata']): bigint | undefined {
  return decision?.stream === undefined ? decision?.streamVersion : undefined;
}

function inState(row: AgentRow, context: EventContext, state: string): AgentRow {
  return { ...decided(row, context), state, state_since: context.metadata.timeMs };
}

function ending(row: AgentRow, { execution_time_ms }: { readonly execution_time_ms: number }): AgentRow {
  return {
    ...row,
    current_execution_id: null,
    execution_time_ms: row.execution_time_ms + execution_time_ms,
  };
}

/** A fact that tells of an end: of a managed agent ours brings tokens and cost, another's is only counted. */
function reported(row: AgentRow, event: EndFact, context: EventContext): AgentRow {
  const isOurs = isFactOfOurs(context.metadata);
  const foreign = { ...row, foreign_facts: row.foreign_facts + (isOurs ? 0 : 1) };
  if (row.managed) return isOurs ? spent(foreign, event) : foreign;
  const { timeMs } = context.metadata;
  const isLatest = timeMs >= (row.last_error_at ?? -Infinity);
  const error =
    event.type === 'agent.failed' && isLatest
      ? { last_error_code: event.data.error_code, last_error_message: null, last_error_at: timeMs }
      : {};
  return {
    ...spent(foreign, event),
    ...outcome(row, event.data.status),
    ...error,
    executions_started: row.executions_started + 1,
    execution_time_ms: row.execution_time_ms + event.data.execution_time_ms,
    first_seen: Math.min(row.first_seen, timeMs),
    last_active: Math.max(row.last_active, timeMs),
  };
}

function spent(row: AgentRow, { data: { usage } }: EndFact): AgentRow {
  if (usage === null) return row;
  return {
    ...row,
    prompt_tokens: row.prompt_tokens + usage.prompt_tokens,
    cached_prompt_tokens: row.cached_prompt_tokens + usage.cached_prompt_tokens,
    completion_tokens: row.completion_tokens + usage.completion_tokens,
    cost_usd: addUsd(row.cost_usd, usage.cost_usd),
  };
}

function outcome(row: AgentRow, status: EndFact['data']['status']): Partial<AgentRow> {
  switch (status) {
    case 'completed':
      return { executions_completed: row.executions_completed + 1 };
    case 'failed':
      return { executions_failed: row.executions_failed + 1 };
    case 'cancelled':
      return { executions_cancelled: row.executions_cancelled + 1 };
    case 'unknown':
      return { executions_unknown: row.executions_unknown + 1 };
  }
}

function failedChecks(checks: EventOf<AgentEvent, 'agent.validation_failed'>['data']['checks']): string {
  const failed = checks.filter(({ passed }) => !passed);
  return failed.map(({ name, detail }) => (detail === null ? name : `${name}: ${detail}`)).join('; ');
}
