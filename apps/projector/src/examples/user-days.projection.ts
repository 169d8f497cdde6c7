import type { AnyEvent } from '@chorda/contracts';
import { defineTable, type RowOf } from '../bulk/table.js';
import { defineProjection } from '../runner/define-projection.js';
import type { EventContext } from '../runner/projection.js';

type ExecutionEnded = Extract<AnyEvent, { readonly type: 'agent.executed' | 'agent.failed' }>;

const userDaysTable = defineTable({
  name: 'user_days_v1',
  key: ['tenant_id', 'day', 'user_id'],
  columns: {
    tenant_id: 'text',
    day: 'timestamp',
    user_id: 'text',
    executions: 'count',
    failures: 'count',
    execution_time_ms: 'count',
    tokens: 'count',
  },
});

/** What each user asked of the agents, by day: who is busiest, and for whom it goes wrong. */
export const userDays = defineProjection<ExecutionEnded>()({
  name: 'user_days',
  version: 1,
  topics: ['agent.events'],
  table: userDaysTable,
  shared: true, // A user works with many agents, whose events lie in many partitions.
  begin: emptyDay,
  evolve: {
    'agent.executed': (row, { data }) => ({ ...ended(row, data), executions: row.executions + 1 }),
    'agent.failed': (row, { data }) => ({ ...ended(row, data), failures: row.failures + 1 }),
  },
});

type UserDay = RowOf<typeof userDaysTable.columns>;

const dayMs = 86_400_000;

/** The row that an event belongs to, as it is before the first one. */
function emptyDay({ data }: ExecutionEnded, { metadata }: EventContext): UserDay {
  return {
    tenant_id: metadata.tenantId,
    day: Math.floor(metadata.timeMs / dayMs) * dayMs,
    user_id: data.user_id ?? 'nobody',
    executions: 0,
    failures: 0,
    execution_time_ms: 0,
    tokens: 0,
  };
}

function ended(row: UserDay, { execution_time_ms, usage }: ExecutionEnded['data']): UserDay {
  return {
    ...row,
    execution_time_ms: row.execution_time_ms + execution_time_ms,
    tokens: row.tokens + (usage ? usage.prompt_tokens + usage.completion_tokens : 0),
  };
}
