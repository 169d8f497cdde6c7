import type { agent } from '@chorda/contracts';
import { describe, it } from 'vitest';
import { defineTable } from '../bulk/table.js';
import { event, projectionSpec } from '../test-support/projection-spec.js';
import { defineLatest } from './define-latest.js';

const table = defineTable({
  name: 'last_answers_v1',
  key: ['tenant_id', 'agent_id'],
  columns: { tenant_id: 'text', agent_id: 'text', answer: 'text?', execution_time_ms: 'count' },
});

const lastAnswers = defineLatest<agent.Executed>()({
  name: 'last_answers',
  version: 1,
  topics: ['agent.events'],
  table,
  types: ['agent.executed'],
  key: ({ metadata }) => ({ tenant_id: metadata.tenantId, agent_id: metadata.subject }),
  row: ({ data }, { metadata }) => ({
    tenant_id: metadata.tenantId,
    agent_id: data.agent_id,
    answer: data.output_data,
    execution_time_ms: data.execution_time_ms,
  }),
});

describe('a projection of the last event of each key', () => {
  const given = projectionSpec(lastAnswers);

  it('holds what that event says, however the log is cut into batches', async () => {
    await given([executed('writer', 1), executed('painter', 2), executed('writer', 3)])
      .when([executed('painter', 4), executed('reader', 5), executed('painter', 6)])
      .then([
        { agent_id: 'painter', answer: '"6"', execution_time_ms: 6 },
        { agent_id: 'reader', answer: '"5"', execution_time_ms: 5 },
        { agent_id: 'writer', answer: '"3"', execution_time_ms: 3 },
      ]);
  });

  it('is left as it is by other types', async () => {
    const call = { agent_id: 'writer', execution_id: 'e', turn: 1, call_id: 'c', tool_name: 't', arguments: {} };
    await given([executed('writer', 1)])
      .when([event('agent.tool_called', call)])
      .thenNothing();
  });
});

function executed(agent: string, time: number) {
  return event('agent.executed', {
    ...{ agent_id: agent, execution_id: `execution-${time}`, input_data: {}, output_data: String(time) },
    ...{ execution_time_ms: time, status: 'completed' },
  });
}
