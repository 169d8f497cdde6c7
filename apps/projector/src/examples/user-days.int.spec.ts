import { describe, it } from 'vitest';
import { event, projectionSpec } from '../test-support/projection-spec.js';
import { userDays } from './user-days.projection.js';

const day = Date.parse('2026-11-20T00:00:00Z');
const nextDay = Date.parse('2026-11-21T00:00:00Z');

describe('the days of a user', () => {
  const given = projectionSpec(userDays);

  it('count what ended, over all agents', async () => {
    await given([executed('writer', 'ada', 900), failed('writer', 'ada', 100), executed('painter', 'ada', 500)])
      .when([executed('painter', 'bob', 20), executed('reader', 'ada', 1)])
      .then([
        { day, user_id: 'ada', executions: 3, failures: 1, execution_time_ms: 1_501 },
        { day, user_id: 'bob', executions: 1, failures: 0, execution_time_ms: 20 },
      ]);
  });

  it('end at midnight UTC', async () => {
    await given([executed('writer', 'ada', 1, '2026-11-20T23:59:59.999Z')])
      .when([executed('writer', 'ada', 2, '2026-11-21T00:00:00Z')])
      .then([
        { day, user_id: 'ada', execution_time_ms: 1 },
        { day: nextDay, user_id: 'ada', execution_time_ms: 2 },
      ]);
  });

  it('are left as they are by what ends no execution', async () => {
    await given([executed('writer', 'ada', 1)])
      .when([event('agent.tool_called', call)])
      .thenNothing();
  });
});

const call = {
  agent_id: 'writer',
  execution_id: 'execution-x',
  turn: 1,
  call_id: 'call-1',
  tool_name: 'search',
  arguments: { query: 'weather' },
};

let executions = 0;

function executed(agent: string, user: string, ms: number, at?: string) {
  return event('agent.executed', { ...execution(agent, user, ms), output_data: null, status: 'completed' }, time(at));
}

function failed(agent: string, user: string, ms: number) {
  const fault = { error: { message: 'no answer' }, error_code: 'MODEL_AWAY', status: 'failed' } as const;
  return event('agent.failed', { ...execution(agent, user, ms), ...fault });
}

function execution(agent: string, user: string, ms: number) {
  const execution_id = `execution-${executions++}`;
  return { agent_id: agent, execution_id, user_id: user, input_data: null, execution_time_ms: ms };
}

function time(at: string | undefined) {
  return at === undefined ? {} : { at };
}
