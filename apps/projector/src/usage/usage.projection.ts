import type { AnyEvent } from '@chorda/contracts';
import { defineTable, type RowOf } from '../bulk/table.js';
import { defineProjection } from '../runner/define-projection.js';
import type { EventContext } from '../runner/projection.js';
import { addUsd } from './add-usd.js';

export type UsageEvent = Extract<AnyEvent, { readonly type: 'inference.usage_recorded' }>;

const usageTable = defineTable({
  name: 'usage_v1',
  // Requests of every partition call one model: with the partition in the key each row has one writer.
  key: ['tenant_id', 'hour', 'agent_id', 'workflow_id', 'provider', 'model', 'partition'],
  columns: {
    tenant_id: 'text',
    hour: 'timestamp',
    agent_id: 'text',
    workflow_id: 'text',
    provider: 'text',
    model: 'text',
    partition: 'int',
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
  },
});

export type UsageRow = RowOf<typeof usageTable.columns>;

const hourMs = 3_600_000;

/** Every attempt at a model call with its tokens and cost, by the hour in which it ended. */
export const usage = defineProjection<UsageEvent>()({
  name: 'usage',
  version: 1,
  topics: ['inference.events'],
  table: usageTable,
  begin: nothingSpent,
  evolve: {
    'inference.usage_recorded': (row, { data }) => ({
      ...row,
      attempts: row.attempts + 1,
      attempts_completed: row.attempts_completed + (data.status === 'completed' ? 1 : 0),
      attempts_failed: row.attempts_failed + (data.status === 'failed' ? 1 : 0),
      attempts_cancelled: row.attempts_cancelled + (data.status === 'cancelled' ? 1 : 0),
      attempts_superseded: row.attempts_superseded + (data.status === 'superseded' ? 1 : 0),
      attempts_estimated: row.attempts_estimated + (data.estimated ? 1 : 0),
      prompt_tokens: row.prompt_tokens + data.prompt_tokens,
      cached_prompt_tokens: row.cached_prompt_tokens + data.cached_prompt_tokens,
      completion_tokens: row.completion_tokens + data.completion_tokens,
      cost_usd: addUsd(row.cost_usd, data.cost_usd),
      duration_ms: row.duration_ms + data.duration_ms,
    }),
  },
});

function nothingSpent({ data }: UsageEvent, { metadata, partition }: EventContext): UsageRow {
  return {
    tenant_id: metadata.tenantId,
    hour: Math.floor(metadata.timeMs / hourMs) * hourMs,
    agent_id: data.agent_id ?? '',
    workflow_id: data.workflow_id ?? '',
    provider: data.provider,
    model: data.model,
    partition,
    attempts: 0,
    attempts_completed: 0,
    attempts_failed: 0,
    attempts_cancelled: 0,
    attempts_superseded: 0,
    attempts_estimated: 0,
    prompt_tokens: 0,
    cached_prompt_tokens: 0,
    completion_tokens: 0,
    cost_usd: '0',
    duration_ms: 0,
  };
}
